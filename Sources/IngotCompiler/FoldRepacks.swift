import Bundle
import CBundleFormat
import Tensors

/// Stores weights in the layouts into which programs repack them, and drops those calls.
///
/// A weight has one order in a bundle: where one that is repacked is also read row by row, or in another layout, by any of
/// the programs, or lies there in another shape, it stays row-major, and what would have read it repacked reads it so.
func foldRepacks(_ programs: inout [Program], _ weights: inout WeightPool) {
  var readings: [Int: Set<Layout?>] = [:]
  for program in programs {
    for instruction in program.instructions {
      for case let tensor? in instruction.inputs {
        guard let weight = program.weight(of: tensor) else { continue }
        readings[weight, default: []].insert(
          program.stored(by: instruction, weights.weights[weight].tensor.shape))
      }
    }
  }
  for (weight, layouts) in readings {
    if layouts.count == 1, let layout = layouts.first ?? nil { weights.store(weight, in: layout) }
  }
  for index in programs.indices { programs[index].dropRepacks(weights.weights) }
}

extension Program {
  /// The weight that a tensor is, or a part of it.
  fileprivate func weight(of tensor: Int) -> Int? {
    if case .weight(let index) = buffers[tensors[tensor].buffer].kind { return index }
    return nil
  }

  /// The layout in which a weight of this shape could be stored for an instruction that reads it.
  fileprivate func stored(by instruction: Instruction, _ shape: Shape) -> Layout? {
    guard instruction.opcode == INGOT_OP_REPACK else { return nil }
    let view = tensors[instruction.results[0]]
    return view.shape == shape ? view.layout : nil
  }

  /// What was repacked becomes the weight itself, in its layout if it is stored so.
  fileprivate mutating func dropRepacks(_ weights: [BundleWeight]) {
    var sources: [Int: Int] = [:]
    var dropped: Set<Int> = []
    for (index, instruction) in instructions.enumerated() where instruction.opcode == INGOT_OP_REPACK {
      guard let source = instruction.inputs[0], let weight = weight(of: source) else { continue }
      let result = instruction.results[0]
      dropped.insert(index)
      if weights[weight].layout == nil {
        sources[result] = source
      } else {
        tensors[result].buffer = tensors[source].buffer
      }
    }
    removeInstructions { dropped.contains($0) }
    replaceTensors { sources[$0] ?? $0 }
    removeUnused()
  }
}

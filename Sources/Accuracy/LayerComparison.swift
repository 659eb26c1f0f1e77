import Bundle
import Tensors

/// The kernel calls of a function against the values of the model, of which the bundle says which they compute.
struct LayerComparison {
  private let program: Program
  /// The value of the model that an instruction computes.
  private let names: [Int: String]
  private let references: [String: Tensor]
  private var accumulated: [Int: Agreement] = [:]
  private var own: [Int: Agreement] = [:]

  /// `references` are values of the model, by name.
  init(_ program: Program, _ origins: ProgramOrigins, _ references: [String: Tensor]) {
    self.program = program
    self.references = references
    names = Self.names(origins)
  }

  /// The values of a function itself that its instructions compute.
  static func names(_ origins: ProgramOrigins) -> [Int: String] {
    var names: [Int: String] = [:]
    for (index, value) in origins.values.enumerated() {
      if let value, value.call == nil { names[index] = value.name }
    }
    return names
  }

  /// Sees a result of the bundle's calls, one after the other: its error has gathered.
  mutating func seeAccumulated(_ instruction: Int, _ result: Tensor) {
    guard let reference = reference(instruction, result) else { return }
    accumulated[instruction] = Agreement(result, reference: reference)
  }

  /// Sees a result; gives the model's value to put in its place. With all results replaced, each call's error is that
  /// of the call alone, or of it and those before it since the last one whose value the model has.
  mutating func seeOwn(_ instruction: Int, _ result: Tensor) -> Tensor? {
    guard let reference = reference(instruction, result) else { return nil }
    own[instruction] = Agreement(result, reference: reference)
    return reference
  }

  private func reference(_ instruction: Int, _ result: Tensor) -> Tensor? {
    guard let name = names[instruction], let reference = references[name], reference.shape == result.shape,
      reference.element == result.element
    else { return nil }
    return reference
  }

  /// In the order of the program.
  func layers(function: String) -> [LayerAgreement] {
    names.sorted { $0.key < $1.key }.compactMap { index, name in
      guard let own = own[index], let accumulated = accumulated[index] else { return nil }
      let instruction = program.instructions[index]
      return LayerAgreement(
        function: function, name: instruction.name.isEmpty ? name : instruction.name, value: name,
        op: instruction.operation, own: own, accumulated: accumulated)
    }
  }

  /// What is wrong with what the bundle says that it computes; nil if nothing.
  var remark: String? {
    let unknown = names.filter { own[$0.key] == nil }.sorted { $0.key < $1.key }
    guard let first = unknown.first else { return nil }
    return
      "\(unknown.count) of \(names.count) values that the bundle computes are not the model's, '\(first.value)' for one: it was compiled from another model, or by other options"
  }
}

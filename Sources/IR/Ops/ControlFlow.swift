package import Tensors

/// Another function of the module, run once on the operands; its outputs are the results.
///
/// Operands have the types of the function's inputs, in order. A function may not reach itself through the
/// functions that it calls. What the function is, only the module knows: the verifier holds calls against it,
/// and ``evaluate(_:function:_:)`` runs it.
package struct FunctionCall: OpDefinition {
  package var function: String
  /// Types of the function's outputs.
  package var results: [TensorType]

  package init(_ function: String = "", results: [TensorType] = []) {
    self.function = function
    self.results = results
  }

  package var name: String { "call" }
  package var `default`: FunctionCall { FunctionCall(results: results) }
  package var attributes: [Attribute<FunctionCall>] { [.function("function", \.function)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try checkCallee(function, results)
    return results
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    throw onlyInModule(function)
  }
}

/// Another function of the module, run `count` times, each time on the results of the time before.
///
/// Operands, in order: `carried` initial values, which every run replaces by its first `carried` outputs; then
/// `stepped` tensors whose first extent is `count`, of which run i gets the i-th part without that axis; then
/// values that are the same in every run. Results: the carried values after the last run, then for every
/// further output of the function what the runs gave, stacked along a new first axis of extent `count`.
///
/// The function's inputs are the carried values, the parts and the constant values, in this order.
package struct Loop: OpDefinition {
  package var function: String
  /// Number of runs, at least 1.
  package var count: Int
  package var carried: Int
  package var stepped: Int
  package var results: [TensorType]

  /// The most runs of one loop.
  package static let countLimit = 65536

  package init(
    _ function: String = "", count: Int = 1, carried: Int = 0, stepped: Int = 0, results: [TensorType] = []
  ) {
    self.function = function
    self.count = count
    self.carried = carried
    self.stepped = stepped
    self.results = results
  }

  package var name: String { "loop" }
  package var `default`: Loop { Loop(results: results) }
  package var attributes: [Attribute<Loop>] {
    [
      .function("function", \.function), .int("count", \.count), .int("carried", \.carried),
      .int("stepped", \.stepped),
    ]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try checkCallee(function, results)
    guard (1...Self.countLimit).contains(count) else {
      throw OpError("count is \(count), expected 1 to \(Self.countLimit)")
    }
    guard carried >= 0, stepped >= 0, carried <= operands.count, stepped <= operands.count - carried else {
      throw OpError("has \(operands.count) operands, expected \(carried) carried and \(stepped) stepped ones")
    }
    guard carried <= results.count else {
      throw OpError(
        "has \(results.count) results, expected at least one for each of \(carried) carried values")
    }
    for index in 0..<carried where results[index].description != operands[index].description {
      throw OpError(
        "carried value \(index) is \(operands[index]) before the loop and \(results[index]) after it")
    }
    for index in carried..<(carried + stepped) where operands[index].shape.first != count {
      throw OpError(
        "operand \(index) is \(operands[index]), expected a first extent of \(count), one part a run")
    }
    for index in carried..<results.count where results[index].shape.first != count {
      throw OpError(
        "result \(index) is \(results[index]), expected a first extent of \(count), one part a run")
    }
    return results
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    throw onlyInModule(function)
  }

  /// Types of the function's inputs, given those of the operands.
  package func bodyInputs(_ operands: [TensorType]) -> [TensorType] {
    operands.enumerated().map { index, type in
      (carried..<(carried + stepped)).contains(index) ? type.withoutFirstAxis : type
    }
  }

  /// Types of the function's outputs.
  package var bodyOutputs: [TensorType] {
    results.enumerated().map { index, type in index < carried ? type : type.withoutFirstAxis }
  }
}

/// One movement of a loop's values in the flat form that the compiler makes of a function before it places
/// values in memory: calls are replaced by what they call, and loops by one copy of their function's nodes
/// with these between them. No text and no bundle holds it.
package struct LoopStep: OpDefinition {
  package enum Kind: String, Sendable {
    /// x -> a copy that the loop overwrites: a carried value before the first run.
    case start
    /// x [count, …] -> the part of this run.
    case take
    /// old, new -> new, in the memory of old: a carried value at the end of a run.
    case update
    /// -> memory for the parts of all runs, with nothing in it yet.
    case space
    /// whole [count, …], part -> whole, in its own memory, with the part of this run in its place.
    case put
  }
  package var kind: Kind
  /// Type of the result.
  package var result: TensorType

  package init(_ kind: Kind, _ result: TensorType) {
    self.kind = kind
    self.result = result
  }

  package var name: String { "loop_step" }
  package var `default`: LoopStep { self }
  package var attributes: [Attribute<LoopStep>] { [] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] { [result] }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    throw OpError("has a meaning only inside its loop", advice: "evaluate the module")
  }
}

extension TensorType {
  /// The type of one part along the first axis.
  package var withoutFirstAxis: TensorType { with(Shape(Array(shape.extents.dropFirst()))) }
  /// The type of `count` parts along a new first axis.
  package func stacked(_ count: Int) -> TensorType { with(Shape([count] + shape.extents)) }
}

private func checkCallee(_ function: String, _ results: [TensorType]) throws(OpError) {
  guard !function.isEmpty else {
    throw OpError("names no function", advice: "add the attribute 'function = @NAME'")
  }
  guard !results.isEmpty else {
    throw OpError("has no result types", advice: "write them after the attributes: ': f32[1, 3]'")
  }
}

private func onlyInModule(_ function: String) -> OpError {
  OpError(
    "runs function '\(function)', which is known only to the module",
    advice: "evaluate the module instead of the graph")
}

import IR
import Tensors

/// A sampler as part of a graph: one loop around a network, fed with one row of the schedule's constants a step.
///
/// ```swift
/// let sampler = Sampler("denoise", try DDIM(prediction: .velocity).schedule(steps: 8))
/// let latent = try sampler.run(&b, from: noise, constants: [context]) { b, step in
///   Sampler.Output(prediction: try b.call(unet, [step.sample, step.time, step.constants[0]])[0])
/// }.sample
/// ```
struct Sampler {
  /// Name of the function that is one step.
  var name: String
  var schedule: SamplerSchedule
  /// Whether the samples after all steps are kept too.
  var records = false

  /// What a sampler gives.
  struct Result {
    var sample: ValueID
    /// The samples after each step before the final scale, [steps, …]; nil unless recorded.
    var samples: ValueID?
    /// The network's state after the last step.
    var state: [ValueID]
  }

  /// What the network gives in one step.
  struct Output {
    /// Its prediction, of the sample's shape.
    var prediction: ValueID
    /// What it hands to its next call, such as the latents of self-conditioning; of the types that it was given.
    var state: [ValueID] = []
  }

  init(_ name: String, _ schedule: SamplerSchedule, records: Bool = false) {
    self.name = name
    self.schedule = schedule
    self.records = records
  }

  /// Noise of deviation 1 to a sample.
  ///
  /// `network` writes the network's call into the body of one step, given the sample, the time as f32[1], its
  /// own state of the step before (at first `state`), a part of each of `stepped`, which have one for every row
  /// of the schedule, and `constants`, which are the same in all steps.
  func run(
    _ b: inout GraphBuilder, from noise: ValueID, state: [ValueID] = [], stepped: [ValueID] = [],
    constants: [ValueID] = [],
    network: (inout GraphBuilder, StepInputs) throws(Diagnostic) -> Output
  ) throws(Diagnostic) -> Result {
    let start = try scaled(&b, noise, by: schedule.initialScale)
    let columns = self.columns
    let body = try step(
      sample: b.type(of: start), state: state.map { b.type(of: $0) }, columns: columns.map(\.name),
      stepped: stepped.map { b.type(of: $0).withoutFirstAxis }, constants: constants.map { b.type(of: $0) },
      network)
    let memory =
      schedule.usesMemory ? [b.constant("\(name).memory", Tensor(zeros: .f32, b.shape(of: start)))] : []
    let rows = columns.map { column in
      b.constant("\(name).\(column.name)", Tensor(column.values, shape: column.shape))
    }
    let result = try b.loop(
      body, count: schedule.steps.count, carried: [start] + memory + state, stepped: rows + stepped,
      constant: constants, name: name)
    return Result(
      sample: try scaled(&b, result.carried[0], by: schedule.finalScale), samples: result.stacked.first,
      state: Array(result.carried.dropFirst(1 + memory.count)))
  }

  /// What a step gives to the network.
  struct StepInputs {
    var sample: ValueID
    /// f32[1].
    var time: ValueID
    var state: [ValueID]
    var stepped: [ValueID]
    var constants: [ValueID]
  }

  private struct Column {
    var name: String
    var values: [Float]
    var shape: Shape
  }

  /// The constants that differ from doing nothing, each under its name.
  private var columns: [Column] {
    let all: [(name: String, path: KeyPath<SamplerStep, Double>, isUsed: Bool)] = [
      ("input_scale", \.inputScale, schedule.scalesInput),
      ("data_from_sample", \.dataFromSample, schedule.convertsOutput),
      ("data_from_output", \.dataFromOutput, schedule.convertsOutput),
      ("next_from_sample", \.nextFromSample, true), ("next_from_data", \.nextFromData, true),
      ("next_from_memory", \.nextFromMemory, schedule.usesMemory),
      ("memory_from_sample", \.memoryFromSample, schedule.usesMemory),
      ("memory_from_data", \.memoryFromData, schedule.usesMemory),
    ]
    let count = schedule.steps.count
    return [Column(name: "time", values: schedule.column(\.time), shape: [count, 1])]
      + all.filter(\.isUsed).map { Column(name: $0.name, values: schedule.column($0.path), shape: [count]) }
  }

  /// The function of one step: sample, memory, state, then a value of each column, parts of what is stepped, and
  /// the constants.
  private func step(
    sample: TensorType, state: [TensorType], columns: [String], stepped: [TensorType],
    constants: [TensorType],
    _ network: (inout GraphBuilder, StepInputs) throws(Diagnostic) -> Output
  ) throws(Diagnostic) -> Module {
    var b = GraphBuilder("\(name)_step")
    let x = try b.input("sample", sample.shape, sample.element)
    let memory = schedule.usesMemory ? try b.input("memory", sample.shape) : nil
    let states = try b.inputs("state", state)
    var row: [String: ValueID] = [:]
    for column in columns { row[column] = try b.input(column, column == "time" ? [1] : []) }
    let parts = try b.inputs("stepped", stepped)
    let fixed = try b.inputs("constant", constants)
    guard let time = row["time"] else { throw Diagnostic("a step has no time") }

    let seen = try row["input_scale"].map { scale throws(Diagnostic) in try b.multiply(x, scale) } ?? x
    let inputs = StepInputs(sample: seen, time: time, state: states, stepped: parts, constants: fixed)
    let output = try network(&b, inputs)
    let data =
      try b.sum([(row["data_from_sample"], x), (row["data_from_output"], output.prediction)])
      ?? output.prediction
    let next = try b.sum([
      (row["next_from_sample"], x), (row["next_from_data"], data), (row["next_from_memory"], memory),
    ])
    try b.output("next_sample", next ?? data)
    if memory != nil {
      let kept = try b.sum([(row["memory_from_sample"], x), (row["memory_from_data"], data)])
      try b.output("next_memory", kept ?? data)
    }
    for (index, value) in output.state.enumerated() { try b.output("next_state.\(index)", value) }
    if records { try b.output("recorded_sample", next ?? data) }
    return try b.finishModule()
  }

  private func scaled(_ b: inout GraphBuilder, _ x: ValueID, by factor: Double) throws(Diagnostic) -> ValueID
  {
    factor == 1 ? x : try b.affine(x, scale: factor)
  }
}

extension GraphBuilder {
  /// Inputs of these types, called `name.0`, `name.1`, ….
  fileprivate mutating func inputs(_ name: String, _ types: [TensorType]) throws(Diagnostic) -> [ValueID] {
    var values: [ValueID] = []
    for (index, type) in types.enumerated() {
      values.append(try input("\(name).\(index)", type.shape, type.element))
    }
    return values
  }

  /// Σ factor × value over the terms that have both; nil for none.
  fileprivate mutating func sum(
    _ terms: [(factor: ValueID?, value: ValueID?)]
  ) throws(Diagnostic) -> ValueID? {
    var total: ValueID?
    for case (let factor?, let value?) in terms {
      let term = try multiply(value, factor)
      total = try total.map { sum throws(Diagnostic) in try add(sum, term) } ?? term
    }
    return total
  }
}

import Tensors

/// Names in scope while a graph is read.
private struct Scope {
  var graph: Graph
  var values: [String: ValueID] = [:]
  var inputNames: Set<String> = []
}

extension Parser {
  /// `graph @name(inputs) -> (outputs) { weights and nodes }`. `table` has the weights of the graphs above.
  mutating func graph(
    _ weights: (String) -> Tensor?, sharing table: WeightTable
  ) throws(Diagnostic) -> Graph {
    try advance()
    guard case .symbol(let name) = token.kind, !name.isEmpty else {
      throw unexpected("the graph's name, such as '@main'")
    }
    try advance()
    var scope = Scope(graph: Graph(name: name))
    scope.graph.table = table
    try items("(", ")") { (parser) throws(Diagnostic) in try parser.input(&scope) }
    try expect("->")
    var outputs: [(token: Token, name: String, sizes: [OutputSize])] = []
    var outputNames: Set<String> = []
    try items("(", ")") { (parser) throws(Diagnostic) in
      let (token, name) = try parser.port("an output, such as '%y'")
      guard outputNames.insert(name).inserted else {
        throw parser.failure(
          "another output is named \(stringLiteral(name))", at: token,
          advice: "give one another name with 'as'")
      }
      outputs.append((token, name, try parser.sizes()))
    }
    try expect("{")
    while true {
      switch token.kind {
      case .word("weight"): try weight(&scope, weights)
      case .value: try node(&scope)
      case .punctuation("}"):
        try advance()
        for output in outputs {
          scope.graph.addOutput(output.name, try resolve(output.token, scope), sizes: output.sizes)
        }
        if let (output, problem) = scope.graph.problemsInSizes().first {
          throw failure(problem, at: outputs[output].token)
        }
        return scope.graph
      default: throw unexpected("'weight', a node such as '%y = relu %x', or '}'")
      }
    }
  }

  private mutating func input(_ scope: inout Scope) throws(Diagnostic) {
    guard case .value(let written) = token.kind else { throw unexpected("an input, such as '%x: f32[1, 3]'") }
    let (start, name) = try port("an input")
    try expect(":")
    let type = try type()
    guard scope.inputNames.insert(name).inserted else {
      throw failure(
        "another input is named \(stringLiteral(name))", at: start, advice: "give one another name with 'as'")
    }
    let value = scope.graph.addInput(name, type)
    try define(written, value, start, &scope)
  }

  /// `%value` or `%value as "name"`; outputs may be weights.
  private mutating func port(_ expected: String) throws(Diagnostic) -> (Token, String) {
    let start = token
    let written: String
    switch token.kind {
    case .value(let name), .symbol(let name): written = name
    default: throw unexpected(expected)
    }
    try advance()
    guard try take(word: "as") else { return (start, written) }
    let nameToken = token
    let name = try quotedName()
    guard !name.isEmpty else { throw failure("the name is empty", at: nameToken) }
    return (start, name)
  }

  /// `sized {axis = "output", …}` after an output, or nothing.
  private mutating func sizes() throws(Diagnostic) -> [OutputSize] {
    guard try take(word: "sized") else { return [] }
    var sizes: [OutputSize] = []
    try items("{", "}") { (parser) throws(Diagnostic) in
      let axis = try parser.integer("an axis")
      try parser.expect("=")
      sizes.append(OutputSize(axis: axis, output: try parser.quotedName()))
    }
    return sizes
  }

  private func define(_ name: String, _ value: ValueID, _ token: Token, _ scope: inout Scope)
    throws(Diagnostic)
  {
    guard scope.values.updateValue(value, forKey: name) == nil else {
      throw failure("%\(name) is defined above", at: token, advice: "each name stands for one value")
    }
    scope.graph.rename(value, to: isNumbering(name) ? "" : name)
  }

  private func resolve(_ token: Token, _ scope: Scope) throws(Diagnostic) -> ValueID {
    switch token.kind {
    case .value(let name):
      if let value = scope.values[name] { return value }
      throw failure(
        "%\(name) is not defined", at: token, advice: "an input or an earlier node must define it")
    case .symbol(let name):
      if let value = scope.graph.findWeight(name) { return value }
      throw failure(
        "weight \(symbol(name)) is not declared", at: token,
        advice: "add a line 'weight \(symbol(name)): TYPE'")
    default: throw failure("found \(token.description), expected a value", at: token)
    }
  }

  /// `weight @name: type`, then nothing, `= [elements]` or `= digest 0123456789abcdef`.
  private mutating func weight(_ scope: inout Scope, _ weights: (String) -> Tensor?) throws(Diagnostic) {
    try advance()
    guard case .symbol(let name) = token.kind, !name.isEmpty else {
      throw unexpected("the weight's name, such as '@w'")
    }
    let start = token
    try advance()
    try expect(":")
    let type = try type()
    guard scope.graph.findWeight(name) == nil else {
      throw failure("weight \(symbol(name)) is declared above", at: start)
    }
    let value: ValueID
    do { value = try scope.graph.declareWeight(name, type) } catch { throw failure(error, at: start) }
    guard try take("="),
      let tensor = try take(word: "digest") ? try contents(name, type, weights) : try elements(type)
    else { return }
    if let known = scope.graph.constant(value), !known.isIdentical(to: tensor) {
      throw failure("weight \(symbol(name)) has other contents in a graph above", at: start)
    }
    scope.graph.bind(value, to: tensor)
  }

  /// `%y = op %a, @b {attributes} : type name "source name"`
  private mutating func node(_ scope: inout Scope) throws(Diagnostic) {
    var results: [(token: Token, name: String)] = []
    repeat {
      guard case .value(let name) = token.kind else { throw unexpected("a result, such as '%y'") }
      results.append((token, name))
      try advance()
    } while try take(",")
    try expect("=")

    let start = token
    let opName = try word("an op")
    do { _ = try Op.make(opName, []) } catch { throw failure(error, at: start) }
    var operands: [ValueID] = []
    // Operands begin on the op's line; what begins the next line is the next node.
    if token.line == start.line, !at("{"), !at(":"), !at("}"), token.kind != .word("name") {
      repeat {
        switch token.kind {
        case .value, .symbol: operands.append(try resolve(token, scope))
        default: throw unexpected("an operand, such as '%x' or '@w'")
        }
        try advance()
      } while try take(",")
    }
    let op = try op(opName, start)
    var annotations: [(token: Token, type: TensorType)] = []
    if try take(":") {
      repeat {
        let typeToken = token
        annotations.append((typeToken, try type()))
      } while try take(",")
    }
    let implied = results.first.map { isNumbering($0.name) ? "" : $0.name } ?? ""
    let name = try take(word: "name") ? try quotedName() : implied

    let values: [ValueID]
    do {
      values = try scope.graph.add(
        op.stating(annotations.map(\.type)), operands, name: name, at: lexer.location(of: start))
      for value in values { try scope.graph.type(of: value).checkShape() }
    } catch let error as Diagnostic {
      var located = error
      located.notes += lexer.excerpt(start)
      throw located
    } catch {
      throw failure("\(error)", at: start)
    }
    guard values.count == results.count else {
      throw failure(
        "'\(opName)' has \(values.count) results, \(results.count) are named", at: results[0].token)
    }
    for (result, value) in zip(results, values) { try define(result.name, value, result.token, &scope) }
    try check(values, annotations, scope.graph)
  }

  /// Checks written result types against inferred ones.
  private func check(
    _ values: [ValueID], _ annotations: [(token: Token, type: TensorType)], _ graph: Graph
  ) throws(Diagnostic) {
    guard !annotations.isEmpty else { return }
    guard annotations.count == values.count else {
      throw failure(
        "\(annotations.count) types are written for \(values.count) results", at: annotations[0].token)
    }
    for (annotation, value) in zip(annotations, values) {
      let inferred = graph.type(of: value)
      guard annotation.type == inferred else {
        throw failure(
          "the result is \(inferred), the text says \(annotation.type)", at: annotation.token,
          advice: "correct the type or leave it out")
      }
    }
  }
}

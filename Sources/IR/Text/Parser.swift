package import Tensors

/// Reads a module from its textual form.
///
/// Contents of weights written as digests come from `weights`, by name: nil leaves the weight unbound,
/// other contents than the digest names are an error. The result keeps every invariant of the verifier.
/// Nodes are located in the text.
package func parseModule(
  _ text: String, file: String, weights: (String) -> Tensor? = { _ in nil }
) throws(Diagnostic) -> Module {
  var parser = try Parser(text, file: file)
  var metadata: [(key: String, value: String)] = []
  var functions: [Graph] = []
  var names: Set<String> = []
  while parser.token.kind == .word("metadata") { metadata.append(try parser.metadata()) }
  while parser.token.kind != .end {
    guard parser.token.kind == .word("graph") else { throw parser.unexpected("'graph'") }
    let start = parser.token
    let graph = try parser.graph(weights, sharing: functions.last?.table ?? WeightTable())
    guard names.insert(graph.name).inserted else {
      throw parser.failure("a graph \(symbol(graph.name)) is defined above", at: start)
    }
    functions.append(graph)
  }
  guard !functions.isEmpty else {
    throw parser.unexpected("a graph: 'graph @main(%x: f32[1, 3]) -> (%y) { … }'")
  }
  let module = Module(functions, metadata: metadata)
  try verifyCalls(module)
  return module
}

/// Reads the text of one graph; see ``parseModule(_:file:weights:)``.
package func parseGraph(
  _ text: String, file: String, weights: (String) -> Tensor? = { _ in nil }
) throws(Diagnostic) -> Graph {
  let module = try parseModule(text, file: file, weights: weights)
  guard let graph = module.functions.first, module.functions.count == 1 else {
    throw Diagnostic(
      "holds \(module.functions.count) graphs, expected one", at: .text(file: file, line: 1, column: 1))
  }
  return graph
}

/// Reads an op with its attributes from ``Op/text``.
package func parseOp(_ text: String, file: String) throws(Diagnostic) -> Op {
  var parser = try Parser(text, file: file)
  let start = parser.token
  let op = try parser.op(try parser.word("an op, such as 'softmax {axis = 1}'"), start)
  guard parser.token.kind == .end else { throw parser.unexpected("the end of the text") }
  return op
}

/// Recursive descent over the grammar, one token ahead. Nesting has a fixed depth, so the stack does too.
struct Parser {
  private(set) var lexer: Lexer
  private(set) var token: Token

  init(_ text: String, file: String) throws(Diagnostic) {
    lexer = Lexer(text, file: file)
    token = try lexer.next()
  }

  func failure(_ message: String, at token: Token, advice: String = "") -> Diagnostic {
    lexer.failure(message, at: token, advice: advice)
  }

  func unexpected(_ expected: String) -> Diagnostic {
    failure("found \(token.description), expected \(expected)", at: token)
  }

  /// The op's complaint at a token.
  func failure(_ error: OpError, at token: Token, op: String = "") -> Diagnostic {
    var diagnostic = error.located(at: lexer.location(of: token), op: op)
    diagnostic.notes = lexer.excerpt(token)
    return diagnostic
  }

  mutating func advance() throws(Diagnostic) { token = try lexer.next() }

  func at(_ punctuation: String) -> Bool { token.kind == .punctuation(punctuation) }

  mutating func expect(_ punctuation: String) throws(Diagnostic) {
    guard at(punctuation) else { throw unexpected("'\(punctuation)'") }
    try advance()
  }

  /// Moves past the punctuation if it comes next.
  mutating func take(_ punctuation: String) throws(Diagnostic) -> Bool {
    guard at(punctuation) else { return false }
    try advance()
    return true
  }

  /// Moves past the word if it comes next.
  mutating func take(word: String) throws(Diagnostic) -> Bool {
    guard token.kind == .word(word) else { return false }
    try advance()
    return true
  }

  mutating func word(_ expected: String) throws(Diagnostic) -> String {
    guard case .word(let text) = token.kind else { throw unexpected(expected) }
    try advance()
    return text
  }

  mutating func string(_ expected: String) throws(Diagnostic) -> String {
    guard case .string(let text) = token.kind else { throw unexpected(expected) }
    try advance()
    return text
  }

  mutating func quotedName() throws(Diagnostic) -> String {
    let start = token
    return try lexer.checked(try string("a name in quotes"), start)
  }

  /// The items between `open` and `close`, separated by commas; none if `close` follows at once.
  mutating func items(
    _ open: String, _ close: String, _ item: (inout Parser) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    try expect(open)
    if try take(close) { return }
    repeat { try item(&self) } while try take(",")
    guard at(close) else { throw unexpected("',' or '\(close)'") }
    try advance()
  }

  mutating func metadata() throws(Diagnostic) -> (key: String, value: String) {
    try advance()
    let key = try string("a key in quotes")
    try expect("=")
    return (key, try string("a value in quotes"))
  }
}

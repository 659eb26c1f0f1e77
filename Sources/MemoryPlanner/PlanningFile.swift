/// A problem, and perhaps a plan of it, as comma-separated text.
///
/// The first line names the columns, in any order: `id` (unique text), `lower` (first live step), `upper`
/// (the step after the last live one) and `size` (bytes); optionally `alignment` (1 if absent) and `offset`
/// (where a plan puts the buffer). Fields are not quoted.
package struct PlanningFile: Sendable, Equatable {
  /// The `id` column. Row `i` describes `problem.buffers[i]`, whose id is `i`.
  package var names: [String]
  package var problem: Problem
  /// The `offset` column, nil if the text has none.
  package var offsets: [Int]?

  /// The text form of a problem made elsewhere. `names` and `offsets` are parallel to its buffers.
  package init(names: [String], problem: Problem, offsets: [Int]? = nil) {
    precondition(names.count == problem.buffers.count, "one name a buffer")
    self.names = names
    self.problem = problem
    self.offsets = offsets
  }

  package init(csv text: String) throws(PlanningFileError) {
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let columns = try Columns(header: lines[0])
    names = []
    var offsets: [Int] = []
    var buffers: [Buffer] = []
    var lineOfName: [String: Int] = [:]
    var lineOfBuffer: [Int] = []
    for (index, line) in lines.enumerated().dropFirst() {
      let number = index + 1
      let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(trimmed)
      if fields.allSatisfy(\.isEmpty), fields.count <= 1 { continue }
      guard fields.count == columns.names.count else {
        throw .fieldCount(line: number, found: fields.count, expected: columns.names.count)
      }
      let name = fields[columns.id]
      if let first = lineOfName.updateValue(number, forKey: name) {
        throw .repeatedName(line: number, name: name, first: first)
      }
      func integer(_ column: Int) throws(PlanningFileError) -> Int {
        guard let value = Int(fields[column]) else {
          throw .notAnInteger(line: number, column: columns.names[column], found: fields[column])
        }
        return value
      }
      let lower = try integer(columns.lower)
      let upper = try integer(columns.upper)
      guard lower < upper else { throw .emptyLifetime(line: number, lower: lower, upper: upper) }
      var buffer = Buffer(
        id: buffers.count, size: try integer(columns.size), firstStep: lower, lastStep: upper - 1)
      if let column = columns.alignment { buffer.alignment = try integer(column) }
      if let column = columns.offset { offsets.append(try integer(column)) }
      names.append(name)
      buffers.append(buffer)
      lineOfBuffer.append(number)
    }
    self.offsets = columns.offset == nil ? nil : offsets
    do { problem = try Problem(buffers) } catch {
      throw .invalid(line: lineOfBuffer[error.buffer], error)
    }
  }

  /// The text of the problem and, if there are `offsets`, of the plan. Reading it back gives an equal value.
  package var csv: String {
    let hasAlignment = problem.buffers.contains { $0.alignment != 1 }
    var text = "id,lower,upper,size" + (hasAlignment ? ",alignment" : "") + (offsets == nil ? "" : ",offset")
    text += "\n"
    for (index, buffer) in problem.buffers.enumerated() {
      text += "\(names[index]),\(buffer.firstStep),\(buffer.lastStep + 1),\(buffer.size)"
      if hasAlignment { text += ",\(buffer.alignment)" }
      if let offsets { text += ",\(offsets[index])" }
      text += "\n"
    }
    return text
  }
}

/// Why text is not a planning file; every case names the line.
package enum PlanningFileError: Error, Equatable, CustomStringConvertible {
  case missingColumn(String)
  case unknownColumn(String)
  case repeatedColumn(String)
  case fieldCount(line: Int, found: Int, expected: Int)
  case notAnInteger(line: Int, column: String, found: String)
  case repeatedName(line: Int, name: String, first: Int)
  case emptyLifetime(line: Int, lower: Int, upper: Int)
  /// The rows are well formed but make no problem. Buffers of the message are counted from 0.
  case invalid(line: Int, ProblemError)

  package var description: String {
    switch self {
    case .missingColumn(let name):
      "line 1: there is no column '\(name)'; the header must name id, lower, upper and size"
    case .unknownColumn(let name):
      "line 1: '\(name)' is not a column; they are id, lower, upper, size, alignment and offset"
    case .repeatedColumn(let name):
      "line 1: column '\(name)' appears twice; name each column once"
    case .fieldCount(let line, let found, let expected):
      "line \(line): found \(found) fields, expected \(expected) as in the header"
    case .notAnInteger(let line, let column, let found):
      "line \(line): \(column) is '\(found)', expected an integer of at most 64 bits"
    case .repeatedName(let line, let name, let first):
      "line \(line): id '\(name)' stands on line \(first) already; give every buffer an id of its own"
    case .emptyLifetime(let line, let lower, let upper):
      "line \(line): lower is \(lower) and upper \(upper); upper, the step after the last, must be larger"
    case .invalid(let line, let error):
      "line \(line): \(error)"
    }
  }
}

private typealias Line = Substring.UTF8View

private func trimmed(_ field: Line) -> String {
  let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0D }
  let front = field.drop(while: isSpace)
  let length = front.reversed().drop(while: isSpace).count
  return String(decoding: front.prefix(length), as: UTF8.self)
}

private struct Columns {
  var names: [String]
  var id: Int
  var lower: Int
  var upper: Int
  var size: Int
  var alignment: Int?
  var offset: Int?

  init(header: Line) throws(PlanningFileError) {
    names = header.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(trimmed)
    let known = ["id", "lower", "upper", "size", "alignment", "offset"]
    for (index, name) in names.enumerated() {
      guard known.contains(name) else { throw .unknownColumn(name) }
      guard !names[..<index].contains(name) else { throw .repeatedColumn(name) }
    }
    let columns = names
    func column(_ name: String) throws(PlanningFileError) -> Int {
      guard let index = columns.firstIndex(of: name) else { throw .missingColumn(name) }
      return index
    }
    id = try column("id")
    lower = try column("lower")
    upper = try column("upper")
    size = try column("size")
    alignment = columns.firstIndex(of: "alignment")
    offset = columns.firstIndex(of: "offset")
  }
}

import Tensors

/// Whether a byte may stand in a name without quotes.
func isNameByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"),
    UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
    true
  default: false
  }
}

func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

/// `@name`, in quotes when the name holds anything but letters, digits, `_`, `.` and `-`.
func symbol(_ name: String) -> String {
  let plain = !name.isEmpty && name.utf8.allSatisfy(isNameByte) && name.utf8.last != UInt8(ascii: "-")
  return plain ? "@\(name)" : "@\(stringLiteral(name))"
}

/// The name in quotes, with escapes for quotes, backslashes and what can't be seen.
func stringLiteral(_ name: String) -> String {
  var text = "\""
  for scalar in name.unicodeScalars {
    switch scalar {
    case "\"": text += "\\\""
    case "\\": text += "\\\\"
    case _ where scalar.isInvisible: text += scalar.escaped
    default: text.unicodeScalars.append(scalar)
    }
  }
  return text + "\""
}

/// Names under which the values of a graph print: readable, and one for each value.
///
/// A value takes its source name, with runs of odd characters as one `_`, and a number appended if another
/// value has that name. Values without a source name are numbered. Names are their own names: read back and
/// printed again they are the same.
struct ValueNames {
  private var names: [String]

  init(_ graph: Graph) {
    names = Array(repeating: "", count: graph.valueCapacity)
    var taken: Set<String> = []
    var suffixes: [String: Int] = [:]
    var number = 0
    func assign(_ value: ValueID) {
      guard graph.contains(value) else { return }
      let natural = Self.identifier(graph[value].name)
      guard !natural.isEmpty else {
        names[value.index] = String(number)
        number += 1
        return
      }
      var name = natural
      let base = natural.utf8.count > Self.cut ? String(natural.prefix(Self.cut)) : natural
      while !taken.insert(name).inserted {
        let suffix = suffixes[base, default: 0] + 1
        suffixes[base] = suffix
        name = "\(base).\(suffix)"
      }
      names[value.index] = name
    }
    for port in graph.inputs { assign(port.value) }
    for node in graph.order where graph.contains(node) { graph[node].results.forEach(assign) }
  }

  /// The name without its `%`.
  subscript(value: ValueID) -> String { names.indices.contains(value.index) ? names[value.index] : "?" }

  /// Longer source names are cut, which leaves room for a number that keeps them apart.
  private static let longest = 160
  private static let cut = 128

  /// The source name as an identifier; empty if nothing of it can stay.
  private static func identifier(_ source: String) -> String {
    var bytes: [UInt8] = []
    var gap = false
    for byte in source.utf8 {
      guard isNameByte(byte) else {
        gap = true
        continue
      }
      if gap, !bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
      gap = false
      bytes.append(byte)
    }
    while bytes.last == UInt8(ascii: "-") { bytes.removeLast() }
    guard let first = bytes.first else { return "" }
    if isDigit(first) || first == UInt8(ascii: "-") || first == UInt8(ascii: ".") {
      bytes.insert(UInt8(ascii: "_"), at: 0)
    }
    if bytes.count > longest { bytes = Array(bytes[..<cut]) }
    while bytes.last == UInt8(ascii: "-") { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Whether a name was given by numbering and so stands for no source name.
func isNumbering(_ name: String) -> Bool { name.utf8.first.map(isDigit) ?? true }

/// The known word that differs from a mistyped one by at most two letters; nil if there is none.
func closest(to word: String, in known: [String]) -> String? {
  guard word.utf8.count <= 64 else { return nil }
  let nearest = known.map { ($0, editDistance(Array(word.utf8), Array($0.utf8))) }.min { $0.1 < $1.1 }
  guard let nearest, nearest.1 <= min(2, word.utf8.count / 2) else { return nil }
  return nearest.0
}

/// How many letters must be inserted, removed, replaced or exchanged with their neighbor.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var beforeLast = Array(repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var row = [i + 1]
    for (j, y) in b.enumerated() {
      var cost = min(last[j] + (x == y ? 0 : 1), last[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, x == b[j - 1], y == a[i - 1] { cost = min(cost, beforeLast[j - 1] + 1) }
      row.append(cost)
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}

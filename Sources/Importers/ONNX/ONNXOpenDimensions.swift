package import Tensors

/// Extents that the model leaves open and nobody has fixed.
package struct ONNXOpenDimensions: Sendable, Hashable {
  /// Some axes that have one extent.
  package struct Dimension: Sendable, Hashable {
    /// The model's name for it, or `INPUT[AXIS]` where it has none.
    package var name: String
    package var isNamed: Bool
    /// `INPUT[AXIS]` of each.
    package var places: [String]
  }

  /// An input with the extents that are known; `axes` is nil when not even the rank is.
  package struct Input: Sendable, Hashable {
    package var name: String
    package var element: ElementType
    package var axes: [ONNXAxis]?

    /// `f32[batch, 3, ?, ?]`
    package var type: String {
      let extents = axes.map { $0.map(\.description).joined(separator: ", ") } ?? "…"
      return "\(element.rawValue)[\(extents)]"
    }
  }

  /// In the order of their first places.
  package private(set) var dimensions: [Dimension] = []
  /// All inputs that are to be given when the model runs, those without open extents too.
  package private(set) var inputs: [Input] = []

  package var isEmpty: Bool { dimensions.isEmpty && inputs.allSatisfy { $0.axes != nil } }

  mutating func add(_ input: Input) {
    inputs.append(input)
    for (axis, extent) in (input.axes ?? []).enumerated() {
      guard case .open(let name) = extent else { continue }
      let place = axisName(input.name, axis)
      if let name, let known = dimensions.firstIndex(where: { $0.isNamed && $0.name == name }) {
        dimensions[known].places.append(place)
      } else {
        dimensions.append(Dimension(name: name ?? place, isNamed: name != nil, places: [place]))
      }
    }
  }

  /// What fixes all of them: `--dim batch=N --shape x=batch,3,?,?`. A dimension without a name needs the shape of its
  /// input, which says the named ones too.
  package var advice: String {
    let shaped = inputs.filter { input in
      input.axes?.contains(.open(nil)) ?? true
    }
    let said = Set(shaped.flatMap { $0.axes ?? [] })
    let words =
      dimensions.filter { $0.isNamed && !said.contains(.open($0.name)) }.map { "--dim \($0.name)=N" }
      + shaped.map { input in
        "--shape \(input.name)=\(input.axes.map { $0.map(\.description).joined(separator: ",") } ?? "N,N,…")"
      }
    return words.prefix(8).joined(separator: " ") + (words.count > 8 ? " …" : "")
  }

  /// All of them as one sentence.
  func refusal(file: String) -> ImportError {
    var open = dimensions.map { dimension in
      ImportError.quoted(dimension.name)
        + (dimension.isNamed ? " (\(listed(dimension.places.map(ImportError.quoted))))" : "")
    }
    open += inputs.filter { $0.axes == nil }.map { "all of \(ImportError.quoted($0.name))" }
    let isOne = open.count == 1
    return ImportError(
      file: file,
      found:
        "leaves \(isOne ? "a dimension" : "\(open.count) dimensions") open: \(listed(open))",
      expected: "static shapes", advice: "fix \(isOne ? "it" : "them") with \(advice)")
  }
}

/// An extent of an input: known, or open under a name if it has one.
package enum ONNXAxis: Sendable, Hashable, CustomStringConvertible {
  case fixed(Int)
  case open(String?)

  package var description: String {
    switch self {
    case .fixed(let extent): "\(extent)"
    case .open(let name): name ?? "?"
    }
  }
}

/// How messages and `--dim` call an axis that has no name of its own.
func axisName(_ input: String, _ axis: Int) -> String { "\(input)[\(axis)]" }

/// Whether a dimension's name names nothing, so that two axes of that name may differ: what exporters write for an
/// extent that they do not know.
func isAnonymous(dimension name: String) -> Bool {
  let word = name.filter { !$0.isWhitespace }
  let isSymbol = word.allSatisfy { !$0.isLetter && !$0.isNumber && $0 != "_" }
  return isSymbol || (Int(word) ?? 0) < 0 || word.lowercased() == "none"
}

import IR
import Tensors

/// The extents of open dimensions as far as options fix them, each with the option that did.
struct ONNXExtents {
  private enum Key: Hashable {
    case named(String)
    case axis(input: String, Int)

    init(_ dimension: ONNXDimension, input: String, axis: Int) {
      if case .named(let name) = dimension { self = .named(name) } else { self = .axis(input: input, axis) }
    }
  }

  private let file: String
  private var known: [Key: (extent: Int, option: String)] = [:]

  /// What `--dim` fixes. All names must be ones of `inputs`.
  init(_ given: [String: Int], _ inputs: [ONNXValue], file: String) throws(ImportError) {
    self.file = file
    var keys: [String: Key] = [:]
    var names: [String] = []
    for input in inputs {
      guard let dimensions = input.dimensions else { continue }
      for (axis, dimension) in dimensions.enumerated() {
        let key = Key(dimension, input: input.name, axis: axis)
        switch dimension {
        case .fixed: continue
        case .named(let name):
          if keys.updateValue(key, forKey: name) == nil { names.append(name) }
        case .unknown:
          let name = axisName(input.name, axis)
          for name in [name, "\(input.name).\(axis)"] where keys[name] == nil { keys[name] = key }
          names.append(name)
        }
      }
    }
    for (name, extent) in given.sorted(by: { $0.key < $1.key }) {
      guard let key = keys[name] else {
        let known = listed(names.map { ImportError.quoted($0) })
        throw ImportError(
          file: file, found: "has no open dimension \(ImportError.quoted(name)), which --dim names",
          expected: names.isEmpty ? "no --dim, as all its input shapes are static" : "one of \(known)")
      }
      try bind(key, to: extent, by: "--dim \(name)=\(extent)")
    }
  }

  /// The extent of an axis, unless it is open still.
  func extent(_ dimension: ONNXDimension, input: String, axis: Int) -> Int? {
    if case .fixed(let extent) = dimension { return extent }
    return known[Key(dimension, input: input, axis: axis)]?.extent
  }

  /// Takes the shape that an option gives for an input, which must fit the declared one.
  mutating func bind(_ shape: [Int], to input: ONNXValue, by option: String) throws(ImportError) {
    guard let declared = input.dimensions else {
      for extent in shape where !(0...Limits.extent).contains(extent) {
        throw impossible(extent, option)
      }
      return
    }
    let isFitting = zip(declared, shape).allSatisfy { dimension, extent in
      if case .fixed(let fixed) = dimension { return fixed == extent }
      return true
    }
    guard declared.count == shape.count, isFitting else {
      let axes = declared.map(ONNXAxis.init).map(\.description).joined(separator: ", ")
      throw ImportError(
        file: file, place: "input \(ImportError.quoted(input.name))",
        found: "has the shape [\(axes)], which \(option) does not fit",
        expected: declared.count == shape.count
          ? "the extents that are numbers as they are"
          : "\(declared.count) extent\(declared.count == 1 ? "" : "s")")
    }
    for (axis, (dimension, extent)) in zip(declared, shape).enumerated() {
      if case .fixed = dimension { continue }
      try bind(Key(dimension, input: input.name, axis: axis), to: extent, by: option)
    }
  }

  private mutating func bind(_ key: Key, to extent: Int, by option: String) throws(ImportError) {
    guard (1...Limits.extent).contains(extent) else { throw impossible(extent, option) }
    guard let other = known.updateValue((extent, option), forKey: key), other.extent != extent else { return }
    let name =
      switch key {
      case .named(let name): name
      case .axis(let input, let axis): axisName(input, axis)
      }
    throw ImportError(
      file: file,
      found:
        "gets two extents for \(ImportError.quoted(name)): \(other.extent) by \(other.option), \(extent) by \(option)",
      expected: "one")
  }

  private func impossible(_ extent: Int, _ option: String) -> ImportError {
    ImportError(file: file, found: "\(option) gives the extent \(extent)", expected: "1 to \(Limits.extent)")
  }
}

extension ONNXAxis {
  init(_ dimension: ONNXDimension) {
    switch dimension {
    case .fixed(let extent): self = .fixed(extent)
    case .named(let name): self = .open(name)
    case .unknown: self = .open(nil)
    }
  }
}

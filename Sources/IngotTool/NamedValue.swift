import ArgumentParser

/// An option's value of the form NAME=VALUE. Names may hold the sign themselves, as may values: which one divides the
/// two is known only with the names that there are.
struct NamedValue: ExpressibleByArgument {
  var name: String
  var value: String
  /// What it may say otherwise, the longest name first; with what it says itself.
  private(set) var readings: [(name: String, value: String)] = []

  init(name: String, value: String) {
    (self.name, self.value) = (name, value)
    readings = [(name, value)]
  }

  /// Divides at the first sign.
  init?(argument: String) {
    for sign in argument.indices where argument[sign] == "=" && sign != argument.startIndex {
      let value = argument[argument.index(after: sign)...]
      if !value.isEmpty { readings.insert((String(argument[..<sign]), String(value)), at: 0) }
    }
    guard let shortest = readings.last else { return nil }
    (name, value) = shortest
  }

  /// What it says if only `isMeant` can be meant: of several the longest name, of none the shortest.
  func read(where isMeant: (_ name: String, _ value: String) -> Bool) -> NamedValue {
    readings.first { isMeant($0.name, $0.value) }.map { NamedValue(name: $0.name, value: $0.value) } ?? self
  }
}

/// An option's value of the form NAME=1,3,48,192 or NAME=1x3x48x192; NAME= stands for a scalar.
struct NamedShape: ExpressibleByArgument {
  var name: String
  var extents: [Int]

  init?(argument: String) {
    guard let separator = argument.lastIndex(of: "="), separator != argument.startIndex else { return nil }
    name = String(argument[..<separator])
    let text = argument[argument.index(after: separator)...]
    extents = []
    guard !text.isEmpty else { return }
    for word in text.split(separator: text.contains(",") ? "," : "x", omittingEmptySubsequences: false) {
      let digits = word.filter { $0 != " " }
      guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let extent = Int(digits),
        extent <= Int(Int32.max)
      else { return nil }
      extents.append(extent)
    }
  }

  /// `1x3x48x192`
  var text: String { extents.map(String.init).joined(separator: "x") }
}

/// An option's value of the form NAME=N, N being a whole number that is not negative.
struct NamedNumber: ExpressibleByArgument {
  var name: String
  var value: Int

  init?(argument: String) {
    guard let separator = argument.lastIndex(of: "="), separator != argument.startIndex,
      let number = Int(argument[argument.index(after: separator)...]), (0...Int(Int32.max)).contains(number)
    else { return nil }
    name = String(argument[..<separator])
    value = number
  }
}

/// Refuses an option that says one name twice.
func checkOnce(_ option: String, _ given: [(name: String, value: String)]) throws {
  var values: [String: String] = [:]
  for (name, value) in given {
    guard let other = values.updateValue(value, forKey: name) else { continue }
    let both = other == value ? "" : ", as \(other) and as \(value)"
    throw ValidationError("\(option) gives '\(name)' twice\(both); leave one out.")
  }
}

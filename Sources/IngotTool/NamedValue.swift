import ArgumentParser

/// An option's value of the form NAME=VALUE.
struct NamedValue: ExpressibleByArgument {
  var name: String
  var value: String

  init?(argument: String) {
    guard let separator = argument.firstIndex(of: "="), separator != argument.startIndex else { return nil }
    name = String(argument[..<separator])
    value = String(argument[argument.index(after: separator)...])
    if value.isEmpty { return nil }
  }
}

/// An option's value of the form NAME=1,3,48,192 or NAME=1x3x48x192; NAME= stands for a scalar.
struct NamedShape: ExpressibleByArgument {
  var name: String
  var extents: [Int]

  init?(argument: String) {
    guard let separator = argument.firstIndex(of: "="), separator != argument.startIndex else { return nil }
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
    guard let named = NamedValue(argument: argument), let number = Int(named.value),
      (0...Int(Int32.max)).contains(number)
    else { return nil }
    name = named.name
    value = number
  }
}

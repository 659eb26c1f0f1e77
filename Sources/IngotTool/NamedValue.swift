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

/// An option's value of the form NAME=N, N being a whole number that is not negative.
struct NamedNumber: ExpressibleByArgument {
  var name: String
  var value: Int

  init?(argument: String) {
    guard let named = NamedValue(argument: argument), let number = Int(named.value), number >= 0 else {
      return nil
    }
    name = named.name
    value = number
  }
}

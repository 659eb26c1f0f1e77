import Tensors

/// The shortest decimal that reads back as the same number.
func literal(_ value: Double) -> String { value.isNaN ? "nan" : value.description }

/// The shortest decimal that reads back as the same number.
func literal(_ value: Float) -> String { value.isNaN ? "nan" : value.description }

func list(_ items: some Sequence<String>) -> String { "[" + items.joined(separator: ", ") + "]" }

extension AttributeValue {
  /// The textual form.
  package var text: String {
    switch self {
    case .int(let number): String(number)
    case .float(let number): literal(number)
    case .ints(let numbers): list(numbers.map { String($0) })
    case .floats(let numbers): list(numbers.map { literal($0) })
    case .word(let word): word
    case .function(let name): symbol(name)
    case .call(let call): call.arguments.isEmpty ? call.function : call.text(registers: 0)
    case .calls(let calls):
      list(calls.map { $0.text(registers: Elementwise.Step($0)?.registers.count ?? 0) })
    }
  }
}

extension Call {
  /// The first `registers` arguments are register numbers, the others parameters.
  fileprivate func text(registers: Int) -> String {
    let written = arguments.enumerated().map { index, argument in
      if index < registers, let register = Int(exactly: argument) { return String(register) }
      return literal(argument)
    }
    return "\(function)(\(written.joined(separator: ", ")))"
  }
}

extension Tensor {
  /// All elements in row-major order.
  var inlineText: String {
    if element.isFloat { return list(floats.map { literal($0) }) }
    if element == .bool { return list(integers.map { $0 != 0 ? "true" : "false" }) }
    return list(integers.map { String($0) })
  }

  /// ``digest`` as 16 hexadecimal digits.
  package var digestText: String {
    let digits = String(digest, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

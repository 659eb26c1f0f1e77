import Tensors

// Inputs whose contents the user fixes.

/// The contents that `options` give for an input, in its own type; nil if they give none.
func constant(for input: ONNXValue, _ options: ONNXImportOptions, file: String) throws(ImportError) -> Tensor?
{
  do {
    if let array = options.constants[input.name] {
      guard case .tensor(let element, _) = input.kind else { return try array.tensor() }
      return try array.converted(to: element)
    }
    guard let text = options.scalars[input.name] else { return nil }
    return try scalar(text, for: input)
  } catch {
    throw Finding("--constant \(error.found)", expected: error.expected, advice: error.advice)
      .located(in: file, at: "input \(ImportError.quoted(input.name))")
  }
}

/// A number as the contents of an input of one element.
private func scalar(_ text: String, for input: ONNXValue) throws(Finding) -> Tensor {
  guard case .tensor(let element, let dimensions) = input.kind else {
    throw Finding("gives a number", expected: "an array, as the model does not state the input's type")
  }
  let axes = (dimensions ?? []).map(ONNXAxis.init)
  guard !axes.contains(where: { if case .fixed(let extent) = $0 { extent != 1 } else { false } }) else {
    throw Finding(
      "gives a number for the shape [\(axes.map(\.description).joined(separator: ", "))]",
      expected: "an array", advice: "save it with numpy.save and say --constant \(input.name)=FILE.npy")
  }
  let shape = Shape(axes.map { _ in 1 })
  let type = input.unsignedBits.map { "an unsigned integer of \($0) bits" } ?? element.rawValue
  let wrong = Finding("gives \(ImportError.quoted(text))", expected: "a value of the input's type, \(type)")
  switch element {
  case .bool:
    let word = ["true": 1, "false": 0][text.lowercased()] as Int64?
    guard let value = word ?? integer(text, unsignedBits: nil), (0...1).contains(value) else { throw wrong }
    return Tensor([value], shape: shape, element: .bool)
  case .f32, .f16, .bf16:
    // A decimal fraction stands for the nearest number, an integer for itself.
    guard let value = Double(text) else { throw wrong }
    let tensor = Tensor([Float(value)], shape: shape, element: element)
    let held = Double(tensor.floats[0])
    guard held.isFinite || !value.isFinite, Int64(text) == nil || held == value else { throw wrong }
    return tensor
  case .i8, .u8, .i16, .i32, .i64:
    guard let value = integer(text, unsignedBits: input.unsignedBits),
      element.integerRange?.contains(value) ?? false
    else { throw wrong }
    return Tensor([value], shape: shape, element: element)
  }
}

/// An integer, however it is written (`16000`, `1.6e4`, `0x3e80`); of 64 unsigned bits those bits.
private func integer(_ text: String, unsignedBits: Int?) -> Int64? {
  guard let text = plainInteger(text) else { return nil }
  return switch unsignedBits {
  case 64?: UInt64(text).map { Int64(bitPattern: $0) }
  case let bits?: Int64(text).flatMap { (0..<(1 << bits)).contains($0) ? $0 : nil }
  case nil: Int64(text)
  }
}

/// The decimal digits of a number that is an integer, with its sign; nil for all else. Exact where a `Double` would
/// round.
private func plainInteger(_ text: String) -> String? {
  let sign = text.hasPrefix("-") ? "-" : ""
  let number = text.drop { "+-".contains($0) }.lowercased()
  guard text.count - number.count <= 1 else { return nil }
  if number.hasPrefix("0x") {
    return UInt64(number.dropFirst(2), radix: 16).map { "\(sign)\($0)" }
  }
  let parts = number.split(separator: "e", maxSplits: 1, omittingEmptySubsequences: false)
  let mantissa = parts[0].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
  let fraction = mantissa.count == 2 ? mantissa[1] : ""
  var digits = Array(mantissa[0] + fraction)
  guard let exponent = parts.count == 2 ? Int(parts[1]) : 0, abs(exponent) < 1 << 20, !digits.isEmpty,
    digits.allSatisfy({ $0.isASCII && $0.isNumber })
  else { return nil }
  var scale = exponent - fraction.count
  while scale < 0, digits.last == "0" {
    digits.removeLast()
    scale += 1
  }
  let significant = digits.drop { $0 == "0" }
  if significant.isEmpty { return "0" }
  // No integer type holds more digits.
  guard scale >= 0, significant.count + scale <= 20 else { return nil }
  return sign + String(significant) + String(repeating: "0", count: scale)
}

import CBundleFormat

/// Which value of the source model each instruction of a program computes, so that the two can be compared.
package struct ProgramOrigins: Sendable, Equatable {
  /// A call or loop of the model, in whose place the program has what it runs.
  package struct Call: Sendable, Equatable {
    /// Index of an earlier call that it lies in; nil where it lies in the program's own function.
    package var caller: Int?
    /// Index of the function that it runs, among the bundle's.
    package var function: Int
    /// Name of its first result.
    package var name: String

    package init(caller: Int?, function: Int, name: String) {
      self.caller = caller
      self.function = function
      self.name = name
    }
  }

  /// A value of a function of the model.
  package struct Value: Sendable, Equatable {
    /// Index of the call in whose function it lies; nil for the program's own function.
    package var call: Int?
    package var name: String

    package init(call: Int? = nil, name: String) {
      self.call = call
      self.name = name
    }
  }

  package var calls: [Call]
  /// For each instruction the value that its first result is; nil where the model has no such value.
  package var values: [Value?]

  package init(calls: [Call] = [], values: [Value?]) {
    self.calls = calls
    self.values = values
  }

  /// A value with the calls around it, outermost first: `denoise/attention/scores`.
  package func path(of value: Value) -> String {
    var names = [value.name]
    var next = value.call
    while let call = next {
      names.append(calls[call].name)
      next = calls[call].caller
    }
    return names.reversed().joined(separator: "/")
  }
}

/// An origins section's bytes.
func encode(_ origins: ProgramOrigins, _ strings: inout StringTable) -> [UInt8] {
  var section = ByteBuffer()
  section.append(
    ingot_origins(instruction_count: UInt32(origins.values.count), call_count: UInt32(origins.calls.count)))
  for call in origins.calls {
    let name = strings.intern(call.name)
    section.append(
      ingot_origin_call(
        caller: call.caller.map { UInt32($0) } ?? INGOT_NONE, function: UInt32(call.function),
        name: name.offset, name_bytes: name.count))
  }
  for value in origins.values {
    guard let value else {
      section.append(ingot_origin(call: INGOT_NONE, name: INGOT_NONE, name_bytes: 0))
      continue
    }
    let name = strings.intern(value.name)
    section.append(
      ingot_origin(
        call: value.call.map { UInt32($0) } ?? INGOT_NONE, name: name.offset, name_bytes: name.count))
  }
  return section.bytes
}

/// Reads an origins section, given the strings of its program. Calls lie in earlier ones, so that paths end.
func decodeOrigins(
  _ bytes: [UInt8], _ strings: SectionReader.Strings
) throws(BundleError) -> ProgramOrigins {
  var reader = SectionReader(bytes)
  let header: ingot_origins = try reader.read()
  let calls: [ingot_origin_call] = try reader.read(count: Int(header.call_count))
  let values: [ingot_origin] = try reader.read(count: Int(header.instruction_count))
  var origins = ProgramOrigins(values: [])
  for (index, call) in calls.enumerated() {
    guard call.caller == INGOT_NONE || call.caller < index else {
      throw BundleError("call \(index) of the origins lies in call \(call.caller), no earlier one")
    }
    origins.calls.append(
      ProgramOrigins.Call(
        caller: call.caller == INGOT_NONE ? nil : Int(call.caller), function: Int(call.function),
        name: try strings.text(call.name, call.name_bytes)))
  }
  for value in values {
    guard value.name != INGOT_NONE else {
      origins.values.append(nil)
      continue
    }
    guard value.call == INGOT_NONE || value.call < header.call_count else {
      throw BundleError("an origin lies in call \(value.call) of \(header.call_count)")
    }
    origins.values.append(
      ProgramOrigins.Value(
        call: value.call == INGOT_NONE ? nil : Int(value.call),
        name: try strings.text(value.name, value.name_bytes)))
  }
  return origins
}

import IR
import Tensors
import Testing

/// Short graphs that together use every part of the grammar.
private let samples = [
  """
  metadata "a" = "\\u{7f}b"
  graph @"m n"(%x as "in": i8[2, 3]) -> (%1 as "out", @w) {
    weight @w: f32[2] = [1, -0.0] // c
    %1 = relu %x : i8[2, 3] name "é/1"
  }
  """,
  """
  graph @c(%x: f32[1, 2, 6, 6]) -> (%y) {
    weight @w: f16[2, 1, 3, 3] = digest 0123456789abcdef
    %z = conv %x, @w {strides = [2, 2], pads = [1, 1, 1, 1], group = 2, activation = clip(0, inf)}
    %y = conv_transpose %z, @w {strides = [2, 2], output_padding = [1, 1], group = 2}
  }
  """,
  """
  graph @a(%x: f32[4, 8]) -> (%z) {
    %y = softmax %x {axis = -1, log = true}
    %s = slice %y {starts = [3, 7], counts = [2, 4], steps = [-1, -2]}
    %p = pad %s {pads = [0, -1, 1, 0], mode = edge}
    %z = reduce %p {kind = mean, axes = [0, 1], keep = false} : f32[]
  }
  """,
  """
  graph @a(%x: f32[1, 2, 4, 4], %c: f32[1]) -> (%z) {
    %y = resize %x {mode = linear, sizes = [8, 8], scales = [2.0, 2.0]}
    %e = elementwise %y, %c {steps = [clip.f32(0, 0.0, 6.0), affine.f32(2, 2.0, -1e-5), to_i8.f32(3), to_f32.i64(4)], to = f16}
    %z = pool %y {kind = average, kernel = [3, 3], strides = [2, 2], ceil = true}
  }
  """,
  """
  graph @f(%x: i32[2, 3]) -> (%z) {
    weight @i: i64[2] = [0, -1]
    weight @b: bool[1] = [true]
    %g = gather %x, @i {axis = 1}
    %t = transpose %g {permutation = [1, 0]}
    %c = concat %t, %t, %g {axis = 0}
    %r = reshape %c {shape = [1, 12]}
    %z = select @b, %r, %r
  }
  graph @g(%x: f32[2, 4]) -> (%y) {
    %m = matmul %x, %x {transpose_b = true}
    %n = group_norm %x {groups = 2}
    %y = expand %m {shape = [3, 2, 2]}
  }
  """,
  """
  graph @n(%x: f32[6], %b: f32[1, 3, 4]) -> (%p sized {0 = "n"}, %n, %s as "s" sized {0 = "k", 1 = "n"}, %k) {
    %p, %n = nonzero %x
    %r = reshape %x {shape = [1, 2, 3]}
    %s, %k = nms %b, %r {max_output_boxes_per_class = 2, score_threshold = 0.1}
    %t = reshape %x {shape = [2, 3]}
    %f, %i, %c, %m = unique %t {sorted = false}
  }
  """,
  """
  graph @main(%x: f32[2], %s: f32[3, 4]) -> (%y, %all) {
    %a = call %x {function = @f} : f32[2]
    %y, %all = loop %a, %s {function = @"loop body", count = 3, carried = 1, stepped = 1} : f32[2], f32[3, 2]
  }
  graph @"loop body"(%h: f32[2], %u: f32[4]) -> (%n, %h as "old") {
    weight @w: f32[2] = [1, 2]
    %m = reduce %u {kind = mean, axes = [0]}
    %r = mul @w, %m
    %n = call %r {function = @f} : f32[2] name "again"
  }
  graph @f(%x: f32[2]) -> (%y) {
    %y = tanh %x
  }
  """,
]

private let pieces = [
  "2147483647", "-2147483648", "99999999999999999999", "0", "-1", "1e999", "1e", "-inf", "nan", "\"",
  "\\u{110000}", "{", "}", "[", "]",
  "(", ")", ",", ":", "=", "->", "-", "%", "@", "%x", "@w", "é", "\u{0}", "\r", "//", "weight", "graph", "as",
  "sized",
  "digest", "name",
  "i64", "bool", "[2147483647, 2147483647]", "[]", "max", "clip(1, 2)", "relu", "cumsum", "layer_norm",
  "batch_norm", "@f", "@main", "function", "count", "carried", "stepped", "call", "loop", "f32[3, 2]",
]

private struct Generator {
  var state: UInt64
  mutating func below(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(max(bound, 1)))
  }
}

private func mutate(_ text: [UInt8], _ generator: inout Generator) -> [UInt8] {
  var text = text
  for _ in 0...generator.below(3) {
    let start = generator.below(text.count + 1)
    let end = min(text.count, start + generator.below(12))
    switch generator.below(5) {
    case 0: text.removeSubrange(start..<end)
    case 1: text.insert(contentsOf: Array(text[start..<end]), at: generator.below(text.count + 1))
    case 2: if start < text.count { text[start] = UInt8(generator.below(256)) }
    case 3: text.insert(contentsOf: Array(pieces[generator.below(pieces.count)].utf8), at: start)
    default: text.replaceSubrange(start..<end, with: Array(pieces[generator.below(pieces.count)].utf8))
    }
  }
  return text
}

/// Parses; an error must say where, a graph must be sound and print as text that reads back.
private func check(_ text: String) {
  do throws(Diagnostic) {
    let module = try parseModule(text, file: "mutated")
    try verify(module)
    let printed = module.text
    let again = try parseModule(printed, file: "printed").text
    if printed != again { Issue.record("printed twice, differs:\n\(text)\n\(printed)\n\(again)") }
  } catch {
    guard case .text("mutated", let line, let column) = error.location, line >= 1, column >= 1 else {
      Issue.record("\(error)\nfor\n\(text)")
      return
    }
  }
}

@Test(arguments: samples.indices) func damagedTextIsAnErrorAtAPlace(_ index: Int) throws {
  #expect(throws: Never.self) { try verify(parseModule(samples[index], file: "sample")) }
  var generator = Generator(state: UInt64(index + 1))
  let sample = Array(samples[index].utf8)
  for _ in 0..<4000 { check(String(decoding: mutate(sample, &generator), as: UTF8.self)) }
}

@Test func truncatedTextIsAnErrorAtAPlace() {
  for sample in samples {
    let bytes = Array(sample.utf8)
    for count in bytes.indices { check(String(decoding: bytes[..<count], as: UTF8.self)) }
  }
}

@Test func loopsMeetTheLargestNumbers() {
  let numbers = ["0", "-1", "1", "2", "65537", "2147483647", "-2147483647", "9223372036854775807"]
  for type in ["f32[]", "f32[1]", "f32[2147483647, 1]", "f32[0]"] {
    for operands in ["", "%x", "%x, %x"] {
      for attribute in ["count", "carried", "stepped"] {
        for number in numbers {
          for results in ["", ": \(type)", ": \(type), \(type)", ": f32[2147483647, 2147483647]"] {
            check(
              """
              graph @m(%x: \(type)) -> (%x) {
                %y, %z = loop \(operands) {function = @f, \(attribute) = \(number), count = 1} \(results)
              }
              graph @f(%x: \(type)) -> (%x, %x as "y") {
              }
              """.replacing(attribute == "count" ? ", count = 1" : "", with: ""))
          }
        }
      }
    }
  }
}

@Test func everyOpMeetsTheLargestNumbers() {
  let types = [
    "f32[2147483647, 1, 1]", "f32[1, 2147483647, 1, 1]", "i32[2147483647]", "f32[0]", "f32[0, 0, 0, 0]",
    "bool[]", "i64[2]",
  ]
  let attributes = [
    "strides", "dilations", "pads", "kernel", "sizes", "shape", "starts", "counts", "steps", "axes",
    "permutation",
    "output_padding",
  ]
  let large = ["2147483647", "-2147483647", "0"]
  // What only slices take.
  let larger = ["9223372036854775807", "-9223372036854775808"]
  for name in Op.prototypes.keys.sorted() {
    for type in types {
      for operands in ["%x", "%x, %x", "%x, %x, %x", "%x, %x, %x, %x, %x", ""] {
        check("graph @m(%x: \(type)) -> (%x) {\n %y = \(name) \(operands)\n}")
        for attribute in attributes where (try? Op.make(name, [(attribute, .ints([]))])) != nil {
          for rank in [1, 2, 4, 6] {
            for number in name == "slice" ? large + larger : large {
              let list = Array(repeating: number, count: rank).joined(separator: ", ")
              check(
                "graph @m(%x: \(type)) -> (%x) {\n %y = \(name) \(operands) {\(attribute) = [\(list)]}\n}")
            }
          }
        }
        for attribute in ["axis", "group", "groups", "order"]
        where (try? Op.make(name, [(attribute, .int(1))])) != nil {
          for number in ["2147483647", "-2147483647", "0", "-1"] {
            check("graph @m(%x: \(type)) -> (%x) {\n %y = \(name) \(operands) {\(attribute) = \(number)}\n}")
          }
        }
      }
    }
  }
}

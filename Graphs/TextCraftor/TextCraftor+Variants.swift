import IR
import Tensors

let textCraftor = GraphDefinition(
  name: "textcraftor",
  summary: "Stable Diffusion 1.5's text encoder, tuned, and blends of several",
  paper: "TextCraftor: Your Text Encoder Can be Image Quality Controller, arXiv 2403.18978",
  variants: [textEncoderVariant, blend, mix, TextCraftor.textToImage("text_to_image")],
  namings: [diffusersNaming],
  ignoredEntries: stableDiffusionIgnoredEntries
)

private let dimensions = [
  Dimension(name: "batch", extent: 1, range: 1...65536, multiple: 1),
  Dimension(name: "tokens", extent: 77, range: 1...65536, multiple: 1),
  Dimension(name: "width", extent: 768, range: 1...65536, multiple: 1),
]

/// `original` and `tuned`, states of the two encoders, and `weight` of the tuned ones, to `context`.
private let blend = GraphVariant(
  "blend", dimensions: dimensions, facts: Facts(status: .solid, parameters: 0, macs: 0)
) { chosen throws(Diagnostic) in
  var b = GraphBuilder("textcraftor_blend")
  let shape: Shape = [chosen["batch"], chosen["tokens"], chosen["width"]]
  let (original, tuned) = (try b.input("original", shape), try b.input("tuned", shape))
  let weight = try b.input("weight", [1])
  try b.output("context", TextCraftor.blend(&b, original: original, tuned: tuned, weight: weight))
  return try b.finish()
}

/// `states_0`, the first encoder's, to the last one's, and `weights` of all, to `context`.
private let mix = GraphVariant(
  "mix",
  dimensions: dimensions + [
    // The original and those tuned for aesthetics, by PickScore and by HPSv2.
    Dimension(name: "encoders", extent: 4, range: 1...64, multiple: 1)
  ], facts: Facts(status: .solid, parameters: 0, macs: 0)
) { chosen throws(Diagnostic) in
  var b = GraphBuilder("textcraftor_mix")
  let shape: Shape = [chosen["batch"], chosen["tokens"], chosen["width"]]
  var states: [ValueID] = []
  for index in 0..<chosen["encoders"] { states.append(try b.input("states_\(index)", shape)) }
  try b.output("context", TextCraftor.mix(&b, states, weights: b.input("weights", [chosen["encoders"]])))
  return try b.finish()
}

import Foundation
import Importers
package import Quantization
package import Tensors

/// Recipes as a file: JSON with a line for each layer, so that two can be compared line by line.
package struct RecipeFile {
  package var recipes: [Recipe]

  private static let version = 1
  private static let largest = 1 << 26

  package init(_ recipes: [Recipe]) { self.recipes = recipes }

  /// Fails where there is no file, or it holds no recipe of this version.
  package init(path: String) throws(FileError) {
    let storage = try Storage.map(path: path)
    guard storage.bytes.count <= Self.largest else {
      throw FileError(
        path: path, reason: "has \(storage.bytes.count) bytes, a recipe at most \(Self.largest)")
    }
    do {
      let data = withExtendedLifetime(storage) { Data(storage.bytes) }
      let written = try JSONDecoder().decode(Written.self, from: data)
      guard written.recipe == Self.version else {
        throw Problem("is a recipe of version \(written.recipe), expected \(Self.version)")
      }
      recipes = try written.functions.map { try $0.recipe() }
    } catch {
      throw FileError(path: path, reason: Self.describe(error))
    }
  }

  private static func describe(_ error: any Error) -> String {
    func place(_ path: [any CodingKey]) -> String {
      path.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
    }
    return switch error {
    case let problem as Problem: problem.message
    case DecodingError.keyNotFound(let key, let context):
      "is no recipe: '\(place(context.codingPath + [key]))' is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "is no recipe: '\(place(context.codingPath))' is of another kind than expected"
    default: "is no recipe: it is not valid JSON"
    }
  }

  /// What the file holds. The same recipes give the same bytes.
  package var text: String {
    let functions = recipes.map(Self.text)
    return
      "{\n  \"recipe\": \(Self.version),\n  \"functions\": [\n\(functions.joined(separator: ",\n"))\n  ]\n}\n"
  }

  private static func text(_ recipe: Recipe) -> String {
    func members(_ all: [(String, String)], _ indent: String) -> String {
      guard !all.isEmpty else { return "{}" }
      let lines = all.map { "\(indent)  \(jsonString($0.0)): \($0.1)" }
      return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
    }
    let own = Methods(recipe.variant)
    let fields = [
      ("function", jsonString(recipe.function)),
      ("samples", "{\"learned\": \(recipe.fitted), \"held_back\": \(recipe.heldBack)}"),
      ("methods", members(own.listed.map { ($0.0, "\($0.1)") }, "      ")),
      ("inputs", members(recipe.inputs.map { ($0.name, jsonString($0.format.rawValue)) }, "      ")),
      ("layers", members(recipe.layers.map { ($0.name, jsonString($0.format.description)) }, "      ")),
    ]
    return "    {\n" + fields.map { "      \"\($0.0)\": \($0.1)" }.joined(separator: ",\n") + "\n    }"
  }
}

extension CompiledBundle {
  /// By what its functions were quantized.
  package var recipes: RecipeFile { RecipeFile(quantizations.map(\.recipe)) }
}

private struct Problem: Error {
  let message: String
  init(_ message: String) { self.message = message }
}

private struct Methods: Codable {
  var searches_ranges: Bool
  var scales_channels: Bool
  var compensates_rounding: Bool
  var corrects_bias: Bool
  var weighs_by_slope: Bool

  init(_ variant: QuantizationVariant) {
    searches_ranges = variant.searchesRanges
    scales_channels = variant.scalesChannels
    compensates_rounding = variant.compensatesRounding
    corrects_bias = variant.correctsBias
    weighs_by_slope = variant.weighsBySlope
  }

  var listed: [(String, Bool)] {
    [
      ("searches_ranges", searches_ranges), ("scales_channels", scales_channels),
      ("compensates_rounding", compensates_rounding), ("corrects_bias", corrects_bias),
      ("weighs_by_slope", weighs_by_slope),
    ]
  }

  func variant(splitsInputs: Bool) -> QuantizationVariant {
    var variant = QuantizationVariant(
      searchesRanges: searches_ranges, scalesChannels: scales_channels,
      compensatesRounding: compensates_rounding, correctsBias: corrects_bias, weighsBySlope: weighs_by_slope)
    variant.splitsInputs = splitsInputs
    return variant
  }
}

private struct Written: Decodable {
  struct Samples: Decodable {
    var learned: Int
    var held_back: Int
  }

  struct Function: Decodable {
    var function: String
    var samples: Samples
    var methods: Methods
    var inputs: [String: String]
    var layers: [String: String]

    func recipe() throws -> Recipe {
      let inputs = try inputs.sorted { $0.key < $1.key }.map {
        name, word -> (name: String, format: InputFormat) in
        guard let format = InputFormat(rawValue: word) else {
          throw unknown(word, name, InputFormat.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return (name: name, format: format)
      }
      let layers = try layers.sorted { $0.key < $1.key }.map {
        name, word -> (name: String, format: LayerFormat) in
        guard let format = LayerFormat(word) else { throw unknown(word, name, LayerFormat.choices) }
        return (name: name, format: format)
      }
      return Recipe(
        function: function,
        variant: methods.variant(splitsInputs: inputs.contains { $0.format == .twoBytes }),
        fitted: samples.learned, heldBack: samples.held_back, layers: layers, inputs: inputs)
    }

    private func unknown(_ word: String, _ name: String, _ known: String) -> Problem {
      Problem("has '\(name)' in '\(word)', expected one of \(known)")
    }
  }

  var recipe: Int
  var functions: [Function]
}

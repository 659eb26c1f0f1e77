import Foundation
package import IR
package import Importers
package import Quantization
import Samples
import Tensors

/// Records of calibration as a file: a safetensors file of arrays, which other tools can look into.
///
///     FUNCTION/record               i64 [4]: digest of the graph, samples, kept samples, held back samples
///     FUNCTION/sample/N/INPUT       an input of a sample that is kept
///     FUNCTION/all/VALUE/range      f32 [4], and channels f32 [2 * channels], counts i64; the same for without-held-back
package struct CalibrationCache {
  package var records: [CalibrationRecord]

  package init(_ records: [CalibrationRecord]) { self.records = records }

  // MARK: Writing

  /// What the file holds. The same records give the same bytes.
  package var bytes: [UInt8] {
    var arrays: [(name: String, tensor: Tensor)] = []
    for record in records {
      let facts = [
        Int64(bitPattern: record.graph), Int64(record.samples), Int64(record.learned.count),
        Int64(record.heldBack),
      ]
      arrays.append(("\(record.function)/record", Tensor(facts, shape: [4], element: .i64)))
      for (sample, inputs) in record.learned.enumerated() {
        for (input, tensor) in inputs.enumerated() {
          arrays.append(("\(record.function)/sample/\(sample)/\(input)", tensor))
        }
      }
      for (set, statistics) in [("all", record.all), ("without-held-back", record.withoutLast)] {
        for (value, found) in statistics.sorted(by: { $0.key < $1.key }) {
          let stem = "\(record.function)/\(set)/\(value)"
          let numbers = found.numbers
          arrays.append(("\(stem)/range", Tensor(numbers.range, shape: [4])))
          arrays.append(("\(stem)/channels", Tensor(numbers.channels, shape: [numbers.channels.count])))
          arrays.append(
            ("\(stem)/counts", Tensor(numbers.counts, shape: [numbers.counts.count], element: .i64)))
        }
      }
    }
    return encodeSafetensors(arrays)
  }

  // MARK: Reading

  /// Reads what was learned of the functions of a module. Fails where the file is damaged, or is another network's.
  package init(path: String, of functions: [Graph]) throws(ImportError) {
    let checkpoint = try Checkpoint.read(path: path)
    let arrays = Dictionary(
      checkpoint.entries.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    records = []
    for graph in functions where arrays["\(graph.name)/record"] != nil {
      guard let record = CalibrationRecord(arrays, graph) else {
        throw ImportError(
          file: path, found: "has a record of '\(graph.name)' that is damaged or of another network",
          expected: "what --calibration-cache wrote for this network",
          advice: "remove it, and calibrate again")
      }
      records.append(record)
    }
    guard !records.isEmpty else {
      throw ImportError(
        file: path,
        found: "has no record of \(functions.map { "'\($0.name)'" }.joined(separator: " or "))",
        expected: "what --calibration-cache wrote for this network", advice: "remove it, and calibrate again")
    }
  }

  fileprivate static func statistics(
    _ arrays: [String: Tensor], _ stem: String
  ) -> [String: ValueStatistics]? {
    var found: [String: ValueStatistics] = [:]
    for (name, range) in arrays where name.hasPrefix(stem + "/") && name.hasSuffix("/range") {
      let value = name.dropFirst(stem.utf8.count + 1).dropLast("/range".count)
      guard let channels = arrays["\(stem)/\(value)/channels"], channels.element == .f32,
        let counts = arrays["\(stem)/\(value)/counts"], counts.element == .i64, range.element == .f32,
        let statistics = ValueStatistics(
          numbers: (range.floats, channels.floats, counts.integers))
      else { return nil }
      found[String(value)] = statistics
    }
    return found
  }
}

extension CompiledBundle {
  /// What was learned of the samples of its functions, where that is to be kept.
  package var calibrationCache: CalibrationCache { CalibrationCache(quantizations.compactMap(\.record)) }
}

extension CalibrationRecord {
  /// Nil where arrays are missing, or of other types and shapes than the graph's.
  fileprivate init?(_ arrays: [String: Tensor], _ graph: Graph) {
    guard let facts = arrays["\(graph.name)/record"], facts.element == .i64, facts.shape == [4] else {
      return nil
    }
    let numbers = facts.integers
    let inputs = sampleInputs(of: graph)
    guard numbers[2] > 0, numbers[2] <= Int64(arrays.count), numbers[1] >= numbers[2], numbers[3] >= 0,
      numbers[3] < numbers[2]
    else { return nil }
    var learned: [[Tensor]] = []
    for sample in 0..<Int(numbers[2]) {
      let tensors = inputs.indices.map { arrays["\(graph.name)/sample/\(sample)/\($0)"] }
      let fits = zip(tensors, inputs).allSatisfy { tensor, input in
        tensor.map { TensorType($0.element, $0.shape) == input.type } ?? false
      }
      guard fits else { return nil }
      learned.append(tensors.compactMap { $0 })
    }
    guard let all = CalibrationCache.statistics(arrays, "\(graph.name)/all"),
      let withoutLast = CalibrationCache.statistics(arrays, "\(graph.name)/without-held-back")
    else { return nil }
    self.init(
      function: graph.name, graph: UInt64(bitPattern: numbers[0]), samples: Int(numbers[1]),
      heldBack: Int(numbers[3]), learned: learned, all: all, withoutLast: withoutLast)
  }
}

import Foundation
import Importers
import Ingot
import Tensors

/// Runs the demo's bundle on the held-out digits and compares its answers with the labels and with PyTorch's: they are the same, or, where
/// points are given, at most so many percent of all digits more are wrong.
@main
struct Classify {
  static func main() throws {
    let words = CommandLine.arguments.dropFirst()
    let points = words.count == 3 ? words.last.flatMap { Double($0) } : 0
    guard words.count == 2 || words.count == 3, let points else {
      FileHandle.standardError.write(Data("usage: IngotDemo BUNDLE FOLDER [POINTS]\n".utf8))
      exit(2)
    }
    let folder = CommandLine.arguments[2]
    func array(_ name: String) throws -> Tensor { try Npy.read(path: "\(folder)/\(name).npy") }
    let images = try array("heldout_images")
    let labels = try array("heldout_labels").integers
    let expected = try array("pytorch_predictions").integers
    let expectedLogits = try array("pytorch_logits").floats

    let session = try Session(try Model(path: CommandLine.arguments[1]))
    let pixels = images.floats
    let size = pixels.count / labels.count
    var right = 0, rightInPyTorch = 0, agreeing = 0
    var difference: Float = 0, largest: Float = 0
    for index in labels.indices {
      try session.setInput(0, to: Array(pixels[(index * size)..<((index + 1) * size)]))
      try session.run()
      let logits = try session.output(0)
      let answer = Int64(logits.indices.max { logits[$0] < logits[$1] } ?? 0)
      right += answer == labels[index] ? 1 : 0
      rightInPyTorch += expected[index] == labels[index] ? 1 : 0
      agreeing += answer == expected[index] ? 1 : 0
      for (category, logit) in logits.enumerated() {
        let reference = expectedLogits[index * logits.count + category]
        difference = max(difference, abs(logit - reference))
        largest = max(largest, abs(reference))
      }
    }
    let count = labels.count
    func percent(_ part: Int) -> String { String(format: "%.2f %%", 100 * Double(part) / Double(count)) }
    print("held-out digits   \(count)")
    print("accuracy          \(percent(right)) (\(right) of \(count)), PyTorch's \(percent(rightInPyTorch))")
    print("same answers      \(agreeing) of \(count)")
    print(
      "largest difference of a logit  \(String(format: "%.1e", difference / largest)) of the largest logit")
    if points > 0 {
      let lost = 100 * Double(rightInPyTorch - right) / Double(count)
      guard lost <= points else {
        fail("the bundle loses \(lost) points of accuracy, \(points) were allowed")
      }
    } else if agreeing != count || right != rightInPyTorch {
      fail("the bundle's answers are not PyTorch's")
    }
  }

  private static func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("error: \(message)\n".utf8))
    exit(1)
  }
}

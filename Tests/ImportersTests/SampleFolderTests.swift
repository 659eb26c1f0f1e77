import Foundation
import IR
import Importers
import Samples
import Tensors
import Testing

private let pair = [
  SampleInput(name: "x", type: TensorType(.f32, [1, 2])),
  SampleInput(name: "a/b", type: TensorType(.i64, [1])),
]

private func row(_ first: Float) -> [UInt8] { Npy.encode(Tensor([first, first + 0.5], shape: [1, 2])) }
private func index(_ value: Int64) -> [UInt8] { Npy.encode(Tensor([value], shape: [1])) }

/// Writes files, by names that may hold folders, and gives what `body` makes of the folder.
private func withFiles<Result>(_ files: [String: [UInt8]], _ body: (String) throws -> Result) throws -> Result
{
  var result: Result?
  try withTemporaryDirectory { folder in
    for (name, bytes) in files {
      let path = URL(filePath: folder + name)
      try FileManager.default.createDirectory(
        at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
      try write(bytes, to: path.path)
    }
    result = try body(folder)
  }
  return try #require(result)
}

/// The first element of `x`, and `a/b`, of every sample, in order.
private func contents(_ files: [String: [UInt8]], path: String = "") throws -> [[Double]] {
  try withFiles(files) { folder in
    let samples = try openSamples(path: folder + path, for: pair)
    return try (0..<samples.count).map { sample in
      let arrays = try samples.readByName(sample)
      return [Double(try #require(arrays["x"]).floats[0]), Double(try #require(arrays["a/b"]).integers[0])]
    }
  }
}

private func refusal(_ files: [String: [UInt8]], for inputs: [SampleInput] = pair) throws -> String {
  try withFiles(files) { folder in
    message {
      let samples = try openSamples(path: folder, for: inputs)
      for sample in 0..<samples.count { _ = try samples.read(sample) }
    }.replacing(folder, with: "")
  }
}

@Suite struct SampleFolderTests {
  @Test func everyKindOfFolderIsReadInTheOrderOfFileNames() throws {
    let archives = try contents([
      "b.npz": zip([("x.npy", row(2)), ("a_b.npy", index(20))]),
      "a.npz": zip([("a/b.npy", index(10)), ("x.npy", row(1))]),
      "README.txt": [],
    ])
    #expect(archives == [[1, 10], [2, 20]])
    let numbered = try contents([
      "x_0002.npy": row(2), "x_0001.npy": row(1), "a_b_0001.npy": index(10), "a_b_0002.npy": index(20),
    ])
    #expect(numbered == [[1, 10], [2, 20]])
    let folders = try contents([
      "x/p.npy": row(1), "x/q.npy": row(2), "a_b/q.npy": index(20), "a_b/p.npy": index(10), "x/notes.txt": [],
    ])
    #expect(folders == [[1, 10], [2, 20]])
    #expect(try contents(["x.npy": row(1), "a_b.npy": index(10), "labels.npy": index(3)]) == [[1, 10]])
    let one = zip([("x.npy", row(1)), ("a_b.npy", index(10))])
    #expect(try contents(["s.npz": one, "t.npz": []], path: "s.npz") == [[1, 10]])
  }

  @Test func theFilesOfAnOnlyInputMayHaveAnyNames() throws {
    let found = try withFiles(["second.npy": row(2), "first.npy": row(1)]) { folder in
      let samples = try openSamples(path: folder, for: [pair[0]])
      return try (0..<samples.count).map { (samples.title(of: $0), try samples.read($0)[0].floats[0]) }
    }
    #expect(found.map(\.1) == [1, 2])
    #expect(found[0].0.hasSuffix("first.npy"))
  }

  @Test func theTitleIsTheFileOfTheSample() throws {
    let titles = try withFiles(["b.npz": [], "a.npz": []]) { folder in
      let samples = try openSamples(path: folder, for: pair)
      return (0..<samples.count).map { samples.title(of: $0).replacing(folder, with: "") }
    }
    #expect(titles.map { $0.replacing("/", with: "") } == ["a.npz", "b.npz"])
  }

  @Test func aSampleThatLacksAnInputIsNamed() throws {
    let files = [
      "a.npz": zip([("x.npy", row(1)), ("a_b.npy", index(10))]), "b.npz": zip([("x.npy", row(1))]),
    ]
    #expect(try refusal(files) == "/b.npz: input 'a/b', i64[1], is missing")
    #expect(
      try refusal(["x_1.npy": row(1), "x_2.npy": row(2), "a_b_1.npy": index(1)]).contains(
        "x_2.npy: has no companion for input 'a/b', i64[1]; expected /a_b_2.npy beside it"))
    #expect(
      try refusal(["x/1.npy": row(1), "a_b/2.npy": index(1)]).contains(
        "/x/1.npy: has no companion for input 'a/b', i64[1]; expected /a_b/1.npy beside it"))
    #expect(
      try refusal(["README.txt": []]).contains(
        "has no arrays for the function: input 'x', f32[1, 2], is missing, input 'a/b', i64[1], is missing"))
    #expect(try refusal(["1.PNG": []]).contains("for its 1 pictures say --image-input NAME"))
  }

  @Test func arraysForNoInputArePassedOverAndNamedWhereOneIsMissing() throws {
    let labeled = zip([("x.npy", row(1)), ("label.npy", index(7)), ("a_b.npy", index(10))])
    #expect(try contents(["a.npz": labeled]) == [[1, 10]])
    let misspelled = zip([("X.npy", row(1)), ("a_b.npy", index(10))])
    #expect(
      try refusal(["a.npz": misspelled])
        == "/a.npz: input 'x', f32[1, 2], is missing\n  it has X, which the function has no inputs for")
  }

  @Test func kindsAreNotMixed() throws {
    let files = ["s.npz": zip([("x.npy", row(1)), ("a_b.npy", index(1))]), "x_1.npy": row(1)]
    #expect(
      try refusal(files).contains("has .npz files and numbered .npy files; expected samples of one kind"))
    // Arrays that are for no input may lie beside them.
    #expect(try contents(["s.npz": files["s.npz"]!, "labels.npy": index(1)]) == [[1, 1]])
  }

  @Test func severalSamplesInOneArrayAreNotSplit() throws {
    let stacked = Npy.encode(Tensor([Float](repeating: 0, count: 6), shape: [3, 2]))
    let text = try refusal(["s.npz": zip([("x.npy", stacked), ("a_b.npy", index(1))])])
    #expect(text.contains("input 'x' is f32[3, 2] in /s.npz, expected f32[1, 2]"))
    #expect(text.contains("3 samples along its first axis, which are not split"))
    #expect(text.contains("numpy.savez('0001.npz', x=array[0:1])"))
    let deeper = Npy.encode(Tensor([Float](repeating: 0, count: 6), shape: [3, 1, 2]))
    #expect(try refusal(["x.npy": deeper, "a_b.npy": index(1)]).contains("3 samples, which are not split"))
    let flat = Npy.encode(Tensor([Float](repeating: 0, count: 2), shape: [2]))
    #expect(try refusal(["x.npy": flat, "a_b.npy": index(1)]).contains("array[None]"))
  }

  @Test func namesThatSeveralInputsShareAreRefused() throws {
    let inputs = ["a b", "a/b"].map { SampleInput(name: $0, type: TensorType(.i64, [1])) }
    let text = try refusal(["a_b.npy": index(1)], for: inputs)
    #expect(text.contains("'a_b' may be input 'a b' or 'a/b'; give it by its own name"))
    let files = ["s.npz": zip([("a b.npy", index(1)), ("a/b.npy", index(2))])]
    #expect(try refusal(files, for: inputs) == "no error")
  }

  @Test func damagedFilesAndNoFolderAreErrors() throws {
    #expect(try refusal(["s.npz": [1, 2, 3]]).contains("/s.npz: is not a zip file"))
    #expect(try refusal(["x.npy": row(1).dropLast(), "a_b.npy": index(1)]).contains("/x.npy: has 7 bytes"))
    #expect(message { _ = try openSamples(path: "/absent", for: pair) }.hasPrefix("/absent: "))
  }

  @Test func noiseIsTheSameForASeedAndSaysWhatItIs() {
    var graph = Graph(name: "main")
    _ = graph.addInput("x", TensorType(.f32, [4]))
    let module = Module([graph])
    let first = SeededSamples(module, count: 2, seed: 3)
    #expect(first.read(1)[0].isIdentical(to: SeededSamples(module, count: 9, seed: 3).read(1)[0]))
    #expect(!first.read(1)[0].isIdentical(to: first.read(0)[0]))
    #expect(first.notes.map(\.severity) == [.warning])
    #expect(first.notes[0].message.contains("noise from seed 3"))
  }
}

import Importers
import Tensors
import Testing

/// Files that hold several sets of weights: which is taken, that it is said, and how another is chosen.
@Suite struct StateChoiceTests {
  private static func weights(_ offset: Int, prefix: String = "") -> [UInt8] {
    Pickle.dictionary((prefix + "w", Pickle.tensor(offset: offset, shape: [1], strides: [1])))
  }

  private static func notes(_ others: String, taken: String) -> [String] {
    ["file.pth: took '\(taken)'; it also holds \(others), which --state NAME chooses"]
  }

  /// The keys that training scripts use, the first of each pair being taken.
  @Test(
    arguments: [
      ("state_dict", "state_dict_ema"), ("model", "ema"), ("model", "model_ema"), ("params_ema", "params"),
      ("state_dict", "ema_state_dict"), ("module", "ema"), ("model", "average_of_the_last_three"),
    ]) func whatIsTakenIsSaid(_ taken: String, _ other: String) throws
  {
    let file = archive(Pickle.dictionary((other, Self.weights(3)), (taken, Self.weights(1))))
    let checkpoint = try readCheckpoint(file)
    #expect(checkpoint["w"]?.floats == [1])
    #expect(checkpoint.state == taken)
    #expect(checkpoint.notes == Self.notes("'\(other)'", taken: taken))
    let chosen = try readCheckpoint(file, state: other)
    #expect(chosen["w"]?.floats == [3])
    #expect(chosen.notes.isEmpty)
  }

  /// Other dictionaries of tensors are no weights of the network.
  @Test func otherTensorsAreNoChoice() throws {
    let optimizer = Pickle.dictionary(
      ("state", Pickle.dictionary(("exp_avg", Pickle.tensor(shape: [4], strides: [1])))))
    let same = Self.weights(1) + [0x71, 7]
    let file = archive(
      Pickle.dictionary(("model", same), ("optimizer", optimizer), ("state_dict_copy", [0x68, 7])))
    let checkpoint = try readCheckpoint(file)
    #expect(checkpoint.names == ["w"] && checkpoint.notes.isEmpty)
  }

  @Test func nestedAndParallelSets() throws {
    let inner = Pickle.dictionary(
      ("state_dict", Self.weights(1)), ("ema_state_dict", Self.weights(2, prefix: "module.")))
    let file = archive(
      Pickle.dictionary(("model", inner), ("ema", Pickle.dictionary(("model", Self.weights(3))))))
    let checkpoint = try readCheckpoint(file)
    #expect(checkpoint["w"]?.floats == [1])
    #expect(checkpoint.notes == Self.notes("'ema.model', 'model.ema_state_dict'", taken: "model.state_dict"))
    #expect(try readCheckpoint(file, state: "model.ema_state_dict")["w"]?.floats == [2])
    #expect(try readCheckpoint(file, state: "ema")["w"]?.floats == [3])
    #expect(try readCheckpoint(file, state: "ema.model").state == "ema.model")
  }

  /// Averages may lie deeper than what is taken, under keys that say nothing.
  @Test func setsWithinOthers() throws {
    let average = { (name: String, prefix: String) in
      Pickle.dictionary((name, Self.weights(3, prefix: prefix)), ("decay", [0x4b, 1]))
    }
    for (other, state) in [
      (average("shadow", ""), "ema.shadow"), (average("shadow", "module."), "ema.shadow"),
      (Self.weights(3, prefix: "shadow."), "ema.shadow"), (average("a", "b.c."), "ema.a.b.c"),
    ] {
      let file = archive(Pickle.dictionary(("state_dict", Self.weights(1)), ("ema", other)))
      #expect(try readCheckpoint(file).notes == Self.notes("'\(state)'", taken: "state_dict"))
      for name in [state, state + "."] { #expect(try readCheckpoint(file, state: name)["w"]?.floats == [3]) }
    }
    let two = Pickle.dictionary(("fast", Self.weights(2)), ("slow", Self.weights(3)))
    let file = archive(Pickle.dictionary(("state_dict", Self.weights(1)), ("means", two)))
    #expect(
      try readCheckpoint(file).notes == Self.notes("'means.fast', 'means.slow'", taken: "state_dict"))
    // A short name that ends others is no set.
    let names = (0..<8).map { ("layer\($0)", Self.weights(3)) }
    let many = Pickle.dictionary(
      ("w", Pickle.tensor(offset: 1, shape: [1], strides: [1])), ("a", names[0].1), ("b", names[1].1))
    let chance = archive(Pickle.dictionary(("state_dict", many), ("heads", Pickle.dictionary(names[2]))))
    #expect(try readCheckpoint(chance).notes.isEmpty)
  }

  @Test func listsAndEmptyNames() throws {
    let list = archive([0x5d, 0x28] + Self.weights(1) + Self.weights(2) + [0x65])
    #expect(try readCheckpoint(list, state: "1")["w"]?.floats == [2])
    #expect(refusal(of: list, state: "2").contains("expected a dictionary with the entry '2'"))
    for state in ["", "."] { #expect(refusal(of: list, state: state).contains("--state names nothing")) }
  }

  /// Flat files have sets by the beginning of their names.
  @Test func setsByPrefix() throws {
    let view = { (offset: Int) in Pickle.tensor(offset: offset, shape: [1], strides: [1]) }
    let flat = archive(Pickle.dictionary(("net.a.w", view(1)), ("net.ema.w", view(2))))
    #expect(try readCheckpoint(flat, state: "net.ema")["w"]?.floats == [2])
    #expect(
      refusal(of: flat, state: "ema")
        == "file.pth: has the entries 'net.a.w', 'net.ema.w'; expected an entry 'ema'")

    let header =
      #"{"a.w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"ema.w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#
    let file = safetensors(header, data: [5, 6])
    #expect(try readCheckpoint(file, state: "ema")["w"]?.integers == [6])
    #expect(
      refusal(of: file, state: "b")
        == "file.pth: has no tensor under 'b.' among its 2; expected tensors of that state; its names are 'a.w', "
        + "'ema.w' and so on")
  }

  /// Of several files one needs to have it.
  @Test func severalFiles() throws {
    try withTemporaryDirectory { directory in
      let file = archive(Pickle.dictionary(("model", Self.weights(1)), ("ema", Self.weights(2))))
      try write(contents(file), to: directory + "net.pth")
      let header = #"{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
      try write(contents(safetensors(header, data: [9])), to: directory + "plain.safetensors")
      let paths = ["net.pth", "plain.safetensors"].map { directory + $0 }
      let read = try Checkpoint.read(paths: paths, state: "ema")
      #expect(read.map { $0["w"]?.integers ?? $0["w"]?.floats.map { Int64($0) } } == [[2], [9]])
      #expect(throws: ImportError.self) { try Checkpoint.read(paths: paths, state: "absent") }
    }
  }
}

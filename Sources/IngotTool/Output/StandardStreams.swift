import CProcess
import Synchronization
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Prints a result on a line of its own. In place of Swift's function of this name, so that all text passes
/// one border: no character gets to a terminal that moves its cursor or changes its colors, and text that
/// can't be written fails the command.
func print(_ text: String) { StandardStreams.write(result: printableLines(text) + "\n") }

/// Prints a message on standard error. Long lines, such as names without end make, are cut.
func printError(_ text: String) {
  let lines = printableLines(text).split(separator: "\n", omittingEmptySubsequences: false).map { line in
    line.utf8.count > 4_000 ? "\(line.prefix(3_000)) … \(line.suffix(200))" : String(line)
  }
  StandardStreams.write(message: lines.joined(separator: "\n") + "\n")
}

/// Standard output, which must take what is printed, and standard error, which may fail without harm.
enum StandardStreams {
  private struct State {
    /// Where results are printed.
    var results: Int32 = 1
    /// Why results could not be printed.
    var failure: String?
    /// Whether a pipe without a reader ends the process without a word, as it does other tools.
    var endsAtBrokenPipe = false
  }
  private static let state = Mutex(State())

  /// To be called before anything is opened or printed.
  static func prepare() {
    // Else the first file that is opened would take the place of a stream that is closed, and get its text.
    for stream: Int32 in 0...2 where fcntl(stream, F_GETFD) < 0 { _ = open("/dev/null", O_RDONLY) }
    // A file that grows beyond what the user may write is like a full disk: the write fails, and says so.
    signal(SIGXFSZ, SIG_IGN)
    // Messages to a reader that has gone must not end the work.
    let inherited = signal(SIGPIPE, SIG_IGN)
    state.withLock {
      $0.endsAtBrokenPipe = unsafeBitCast(inherited, to: Int.self) == unsafeBitCast(SIG_DFL, to: Int.self)
    }
  }

  /// From now on results go to standard error, since an output file is written to standard output.
  static func printResultsAsMessages() { state.withLock { $0.results = 2 } }

  /// Why results could not be printed; nil if all were.
  static var failure: String? { state.withLock { $0.failure } }

  static func write(result text: String) {
    let (stream, endsAtBrokenPipe) = state.withLock { ($0.results, $0.endsAtBrokenPipe) }
    if put(text, on: stream) { return }
    if errno == EPIPE, endsAtBrokenPipe {
      cleanup_run()
      signal(SIGPIPE, SIG_DFL)
      raise(SIGPIPE)
    }
    let reason = String(cString: strerror(errno))
    state.withLock { $0.failure = $0.failure ?? reason }
  }

  static func write(message text: String) { _ = put(text, on: 2) }

  private static func put(_ text: String, on stream: Int32) -> Bool {
    var text = text
    return text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: stream) }
  }
}

import CProcess
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An output before it is at its place: a temporary file beside it, or one without a name for what is no
/// regular file.
struct StagedFile {
  let destination: Destination
  let descriptor: Int32
  /// nil for a file without a name.
  private var temporary: TemporaryPath?
  /// A second name of the file that is replaced, while that may be taken back.
  private var backup: TemporaryPath?

  init(for destination: Destination) throws {
    self.destination = destination
    switch destination.way {
    case .replace(let path, _):
      (descriptor, temporary) = try TemporaryPath.make(in: String(Destination.folder(of: path))) {
        OutputError.last(destination.path)
      }
    case .through:
      let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
      let (descriptor, unnamed) = try TemporaryPath.make(in: folder + "/") { OutputError.last(folder) }
      self.descriptor = descriptor
      unnamed.remove()
    }
  }

  /// Closes the complete file and gives it the owner and mode that it shall have.
  func finish() throws {
    guard case .replace(_, let replaced) = destination.way else { return }
    if let replaced {
      // Only root may give files away; whoever may write a file but does not own it becomes its owner.
      _ = fchown(descriptor, replaced.st_uid, replaced.st_gid)
      fchmod(descriptor, replaced.st_mode & 0o777)
    } else {
      let mask = umask(0)
      umask(mask)
      fchmod(descriptor, 0o666 & ~mask)
    }
    guard close(descriptor) == 0 else { throw OutputError.last(destination.path) }
  }

  /// Writes the complete file into what can't be replaced. Waits for a FIFO's reader.
  func pour() throws {
    guard case .through = destination.way else { return }
    let target =
      destination.isStandardOutput ? dup(1) : open(destination.path, O_WRONLY | O_CLOEXEC | O_TRUNC)
    guard target >= 0 else { throw OutputError.last(destination.path) }
    defer { close(target) }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw OutputError.last(destination.path) }
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      guard count >= 0 else { throw OutputError.last(destination.path) }
      if count == 0 { return }
      let isWritten = buffer.withUnsafeBytes {
        writeAll(UnsafeRawBufferPointer(rebasing: $0[..<count]), to: target)
      }
      guard isWritten else { throw OutputError.last(destination.path) }
    }
  }

  /// Puts the file at its place; with `backup`, so that ``restore()`` can take it back.
  mutating func place(keepingBackup: Bool) throws {
    guard case .replace(let path, let replaced) = destination.way, let temporary else { return }
    if keepingBackup, replaced != nil {
      backup = TemporaryPath.secondName(of: path)
      guard backup != nil else { throw OutputError.last(destination.path) }
    }
    guard rename(temporary.path, path) == 0 else { throw OutputError.last(destination.path) }
    temporary.forget()
  }

  /// Puts the file that was replaced back to its place.
  func restore() {
    guard case .replace(let path, let replaced) = destination.way else { return }
    if replaced == nil { unlink(path) }
    guard let backup else { return }
    rename(backup.path, path)
    backup.forget()
  }

  /// Removes what is only temporary.
  func removeBackup() { backup?.remove() }
  func discard() { temporary?.remove() }
}

/// A file that no end of the process leaves behind, unless it is killed.
private struct TemporaryPath {
  let path: String
  private let entry: OpaquePointer?

  /// Makes an empty file with a name of its own in `folder`, which ends in a slash.
  static func make(
    in folder: String, orThrow failure: () -> ToolError
  ) throws -> (descriptor: Int32, TemporaryPath) {
    cleanup_hold()
    defer { cleanup_resume() }
    var path = Array("\(folder).ingot-XXXXXX.tmp".utf8CString)
    let descriptor = mkstemps(&path, 4)
    guard descriptor >= 0 else { throw failure() }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    let bytes = path.dropLast().map { UInt8(bitPattern: $0) }
    return (descriptor, TemporaryPath(registering: String(decoding: bytes, as: UTF8.self)))
  }

  /// Gives a file a second name beside its own; nil, with `errno`, where that can't be.
  static func secondName(of path: String) -> TemporaryPath? {
    let folder = String(Destination.folder(of: path))
    guard let (descriptor, made) = try? make(in: folder, orThrow: { OutputError.last(path) }) else {
      return nil
    }
    close(descriptor)
    unlink(made.path)
    if link(path, made.path) == 0 { return made }
    // A file system without links: the file itself moves to the second name, and must not be removed there.
    made.forget()
    return rename(path, made.path) == 0 ? made : nil
  }

  private init(registering path: String) {
    self.path = path
    entry = cleanup_add(path, false)
  }

  /// The path is no longer temporary.
  func forget() { cleanup_release(entry) }

  func remove() {
    unlink(path)
    forget()
  }
}

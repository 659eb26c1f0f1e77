import Foundation
import IR
import Tensors

/// Tensors of many samples, kept in a temporary file: memory holds what is being worked on, however many samples there are.
///
/// Places that were allocated may be read and written concurrently.
final class SampleStore: @unchecked Sendable {
  private let descriptor: Int32
  /// Free pieces of the file by their size.
  private var free: [Int: [Int]] = [:]
  private var end = 0

  /// A value's place for every sample.
  struct Slot {
    fileprivate let offset: Int
    fileprivate let pitch: Int
    fileprivate let type: TensorType
    fileprivate let count: Int
  }

  init() throws(Diagnostic) {
    do {
      descriptor = try openTemporaryFile()
    } catch {
      throw Diagnostic("\(error)", advice: "let TMPDIR name a folder that can be written to")
    }
  }

  deinit { close(descriptor) }

  func allocate(_ type: TensorType, samples: Int) -> Slot {
    let pitch = type.byteCount
    let bytes = max(pitch * samples, 1)
    let offset: Int
    if let found = free[bytes]?.popLast() {
      offset = found
    } else {
      offset = end
      end += bytes
    }
    return Slot(offset: offset, pitch: pitch, type: type, count: samples)
  }

  func release(_ slot: Slot) { free[max(slot.pitch * slot.count, 1), default: []].append(slot.offset) }

  func write(_ tensor: Tensor, _ sample: Int, _ slot: Slot) throws(Diagnostic) {
    let start = slot.offset + sample * slot.pitch
    let isDone = tensor.withBytes { bytes -> Bool in
      var done = 0
      while done < bytes.count {
        let count = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(start + done))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        done += count
      }
      return true
    }
    guard isDone else { throw failure("written") }
  }

  func read(_ sample: Int, _ slot: Slot) throws(Diagnostic) -> Tensor {
    let start = slot.offset + sample * slot.pitch
    var isDone = true
    let tensor = Tensor(element: slot.type.element, shape: slot.type.shape) { bytes in
      var done = 0
      while done < bytes.count {
        let count = pread(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(start + done))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else {
          isDone = false
          return
        }
        done += count
      }
    }
    guard isDone else { throw failure("read") }
    return tensor
  }

  private func failure(_ what: String) -> Diagnostic {
    Diagnostic(
      "samples of calibration can't be \(what): \(String(cString: strerror(errno)))",
      advice: "make room where temporary files lie, or let TMPDIR name another folder")
  }
}

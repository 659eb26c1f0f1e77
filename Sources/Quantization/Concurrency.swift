import COpenBLAS
import Dispatch
import IR
import Synchronization

/// Computes something for each index, on all processors, and gives the results in order. Each takes some memory, of which all that
/// run at once may have 4 GiB. Of several errors that of the least index is thrown.
func concurrently<Result: Sendable>(
  _ count: Int, bytesOfEach: Int = 0, _ body: @Sendable (Int) throws(Diagnostic) -> Result
) throws(Diagnostic) -> [Result] {
  let width = bytesOfEach > 0 ? max((4 << 30) / bytesOfEach, 1) : count
  var all: [Result] = []
  for start in stride(from: 0, to: count, by: max(width, 1)) {
    let found = Mutex<[Int: Swift.Result<Result, Diagnostic>]>([:])
    let end = min(start + width, count)
    DispatchQueue.concurrentPerform(iterations: end - start) { index in
      let result = Swift.Result { () throws(Diagnostic) in try body(start + index) }
      found.withLock { $0[start + index] = result }
    }
    let results = found.withLock { $0 }
    for index in start..<end { all.append(try results[index]!.get()) }
  }
  return all
}

/// Lets matrix products have one thread each: their last bits, which decide between grids, then do not depend on the number of
/// processors, and what runs concurrently does not wait for the library.
func withSingleThreadedProducts<Result>(
  _ body: () throws(Diagnostic) -> Result
) throws(Diagnostic) -> Result {
  let before = openblas_use_threads(1)
  defer { if before > 0 { _ = openblas_use_threads(before) } }
  return try body()
}

/// What reading a file's structure may cost: bytes looked at and bytes made, whether or not anything is kept of them.
///
/// A few bytes of a file can ask for much: a long name can be joined to another again and again, a list can name one
/// dictionary many times. Readers whose work is not bounded by the file's size by itself charge all of it here, so
/// that time and memory are bounded whatever the file says. Contents of tensors are charged to a ``CopyBudget``.
struct ReadBudget {
  /// The most that may be charged.
  let limit: Int
  private(set) var spent = 0

  /// Room for a structure of so many bytes. Small parts, such as the elements of a list, take up to a hundred times
  /// their encoded size; what is large consists of names and numbers, which take little more than they have.
  init(byteCount: Int) {
    limit =
      (16 << 20) + min(min(byteCount, Int.max >> 8) * 128, (512 << 20) + min(byteCount, Int.max >> 8) * 4)
  }

  /// Call it before the work is done. The one place where a budget ends.
  mutating func charge(_ cost: Int) throws(Finding) {
    guard cost <= limit - spent else {
      spent = limit
      throw Finding(
        "takes more than \(limit) bytes and steps to read, which its size does not explain",
        expected: "a file that does not repeat itself",
        advice: "the file may be damaged; fetch or save it again")
    }
    spent += cost
  }
}

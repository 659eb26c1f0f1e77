/// The difference of two texts by lines: removed lines begin with `-`, added ones with `+`, and `context`
/// unchanged lines around them with a space; `@@` stands where lines are left out. Empty when the texts are
/// equal.
package func lineDifference(_ before: String, _ after: String, context: Int = 2) -> String {
  let old = before.split(separator: "\n", omittingEmptySubsequences: false)
  let new = after.split(separator: "\n", omittingEmptySubsequences: false)
  var removed: Set<Int> = []
  var inserted: Set<Int> = []
  for change in new.difference(from: old) {
    switch change {
    case .remove(let offset, _, _): removed.insert(offset)
    case .insert(let offset, _, _): inserted.insert(offset)
    }
  }
  if removed.isEmpty && inserted.isEmpty { return "" }

  var lines: [(mark: Character, text: Substring)] = []
  var (left, right) = (0, 0)
  while left < old.count || right < new.count {
    if removed.contains(left) {
      lines.append(("-", old[left]))
      left += 1
    } else if inserted.contains(right) {
      lines.append(("+", new[right]))
      right += 1
    } else {
      lines.append((" ", old[left]))
      left += 1
      right += 1
    }
  }

  var shown = [Bool](repeating: false, count: lines.count)
  for (index, line) in lines.enumerated() where line.mark != " " {
    for near in max(0, index - context)...min(lines.count - 1, index + context) { shown[near] = true }
  }
  var text = ""
  for (index, line) in lines.enumerated() {
    if shown[index] {
      text += "\(line.mark) \(line.text)\n"
    } else if index == 0 || shown[index - 1] {
      text += "@@\n"
    }
  }
  return text
}

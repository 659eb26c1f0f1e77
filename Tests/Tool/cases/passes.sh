# `ingot passes`: what the compiler does to a graph.

expect 0 'fold-constants .*remove-dead-code' passes --list
expect 0 . passes --list --json
has_keys name summary reason
expect 0 'fold-batch-norm: [0-9]+ -> [0-9]+ nodes, [0-9]+ changes?' passes "${digits[@]}"
expect 0 'fold-batch-norm.*@@.*\+ ' passes "${digits[@]}" --diff
expect 0 . passes "${digits[@]}" --json
has_keys name nodes_before nodes_after changes
expect 0 '^graph @' passes "${digits[@]}" --after start
norms=$(grep -c '= batch_norm' out)
expect 0 '^graph @' passes "${digits[@]}" --after fold-batch-norm
is "fold-batch-norm folds few of $norms batch norms" test $((3 * $(grep -c '= batch_norm' out))) -lt "$norms"
expect 1 "no pass 'absent'.*fold-constants" passes "${digits[@]}" --after absent

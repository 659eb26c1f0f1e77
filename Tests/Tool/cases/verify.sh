# `ingot verify`: the bundle against the model it was made from.

mkdir images one empty
cp "$demo/heldout_images.npy" images/digits.npy
cp digit.npy one/digits.npy

expect 0 'logits .*worst of [1-9][0-9]* layers' verify batch.ingot "${digits[@]}" --inputs images
expect 0 'after each pass.*fold-batch-norm' verify digits.ingot "${digits[@]}" --inputs one --stages
expect 0 . verify digits.ingot "${digits[@]}" --inputs one --stages --json
has_keys passed outputs layers stages max_abs relative cosine snr_db
expect 0 'logits' verify half.ingot "${digits[@]}" --inputs one

# Half precision is not good to a millionth, and other weights give other numbers.
expect 1 "half.ingot: output 'logits' is off by .*allowed" verify half.ingot "${digits[@]}" --inputs one --tolerance 1e-6
expect 0 . compile --graph efficientformerv2 --variant digits --random-weights 3 -o other.ingot
expect 1 "other.ingot: output 'logits' is off by" verify other.ingot "${digits[@]}" --inputs one

expect 1 "input 'digits'.*missing" verify digits.ingot "${digits[@]}" --inputs empty
expect 1 'absent: ' verify digits.ingot "${digits[@]}" --inputs absent
expect 1 'absent.ingot: ' verify absent.ingot "${digits[@]}" --inputs one

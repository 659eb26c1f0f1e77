# Offsets for buffers by themselves.

printf 'id,lower,upper,size\nb1,0,3,4\nb2,3,9,4\nb3,0,9,4\nb4,9,21,4\nb5,0,21,4\n' >five.csv
expect 0 'peak +12 bytes for 5 buffers lower bound +12 bytes gap +0.000 %, proven' plan five.csv
expect 0 'peak_bytes" : 12' plan five.csv --json
has_keys peak_bytes lower_bound_bytes proven seconds
expect 0 'capacity_met" : true' plan five.csv --capacity 12 --json --output planned.csv
is "a plan has no column of offsets" grep -qx 'id,lower,upper,size,offset' planned.csv
is "a plan has other buffers than its problem" test "$(cut -d, -f1-4 planned.csv)" = "$(cat five.csv)"
# A plan is a problem, too.
expect 0 'proven' plan planned.csv

expect 1 'five.csv: the capacity of 11 bytes was not met: the smallest plan found needs 12 bytes, and none needs less; 12 bytes are live at step 0: .b1. of 4, .b3. of 4, .b5. of 4; give at least 12' \
  plan five.csv --capacity 11 --output none.csv
is "a plan that is too large was written" test ! -e none.csv

printf 'id,lower,upper,size,alignment\na,0,2,3,8\nb,1,3,5,1\n' >aligned.csv
expect 0 'peak +13 bytes' plan aligned.csv -o aligned-plan.csv
is "a plan lost its alignments" grep -qx 'id,lower,upper,size,alignment,offset' aligned-plan.csv

# Hostile files: an error that names the line, and nothing written.
bad() {
  printf "$2" >bad.csv
  expect 1 "error: bad.csv: $1" plan bad.csv --output bad-plan.csv
  is "a plan of a bad file was written" test ! -e bad-plan.csv
}
bad 'line 1: .* is not a column' ''
bad 'line 1: there is no column .size.' 'id,lower,upper\n'
bad 'line 1: column .id. appears twice' 'id,lower,upper,size,id\n'
bad 'line 3: found 3 fields, expected 4' 'id,lower,upper,size\na,0,1,2\nb,0,1\n'
bad "line 2: size is '1e3'" 'id,lower,upper,size\na,0,1,1e3\n'
bad "line 2: size is '9223372036854775808'" 'id,lower,upper,size\na,0,1,9223372036854775808\n'
bad 'line 4: buffer 1 has size -1' 'id,lower,upper,size\na,0,1,1\n\nb,0,1,-1\n'
bad 'line 3: the sizes up to buffer 1 sum to more' 'id,lower,upper,size\na,0,1,9223372036854775000\nb,0,1,9223372036854775000\n'
bad 'line 2: lower is 3 and upper 3' 'id,lower,upper,size\na,3,3,1\n'
bad "line 3: id 'a' stands on line 2 already" 'id,lower,upper,size\na,0,1,1\na,0,1,1\n'
bad 'line 2: buffer 0 has alignment 0' 'id,lower,upper,size,alignment\na,0,1,1,0\n'
bad 'is not UTF-8' 'id,lower,upper,size\n\xff,0,1,1\n'
# The extremes of numbers are no reason to fail.
printf 'id,lower,upper,size\na,-9223372036854775808,9223372036854775807,4611686018427387000\nb,0,1,0\nc,5,6,4611686018427387000\n' >extreme.csv
expect 0 'peak +9223372036854774000 bytes' plan extreme.csv

expect 1 'absent.csv: No such file' plan absent.csv
expect 1 'inputs are never overwritten' plan five.csv --output five.csv
expect 2 'seconds' plan five.csv --seconds -1
expect 2 'capacity' plan five.csv --capacity -1

# Pictures as samples, of `verify --inputs`.

printf 'graph @main(%%x: f32[1, 3, 6, 8]) -> (%%y) {\n  %%y = sigmoid %%x\n}\n' >picture.graph
printf 'graph @main(%%x: f32[1, 3, 6, 8], %%z: f32[2]) -> (%%y, %%w) {\n  %%y = sigmoid %%x\n  %%w = sigmoid %%z\n}\n' >beside.graph
for graph in picture beside; do expect 0 . compile $graph.graph -o $graph.ingot; done
mkdir pictures damaged
cp "$root"/Tests/Data/Images/{color.png,gray.jpg,palette.png} pictures
echo 'notes' >pictures/README.txt
see=(verify picture.ingot --model picture.graph)
expect 0 'over 3 samples.*the worst of them, pictures/' "${see[@]}" --inputs pictures --image-input x
expect 0 'over 3 samples' "${see[@]}" --inputs pictures --image-input x --mean 123.7,116.3,103.5 --scale 1/58.4,1/57.1,1/57.4 \
  --layout nchw --channels bgr --fit pad
expect 0 'y ' "${see[@]}" --inputs pictures/color.png --image-input x --scale 1/255 --crop-ratio 0.875

expect 1 'for its 3 pictures say --image-input NAME' "${see[@]}" --inputs pictures
expect 1 "is for the input 'images', which there is none of; expected one of x" "${see[@]}" --inputs pictures --image-input images
expect 1 "has pictures for 'x' only, not for input 'z'" verify beside.ingot --model beside.graph --inputs pictures --image-input x
expect 1 'shape .1, 3, 6, 8. is not that of one in layout nhwc' "${see[@]}" --inputs pictures --image-input x --layout nhwc
expect 1 '2 numbers of --mean; expected one, or one for each of 3 channels' "${see[@]}" --inputs pictures --image-input x --mean 1,2
expect 1 'has no pictures' "${see[@]}" --inputs empty --image-input x
head -c 200 pictures/color.png >damaged/short.png
expect 1 'damaged/short.png: is a damaged PNG file' "${see[@]}" --inputs damaged --image-input x
cp "$root/Tests/Data/Images/huge.png" damaged/short.png
expect 1 'has 60000 x 60000 pixels' "${see[@]}" --inputs damaged --image-input x
echo 'GIF89a' >damaged/short.png
expect 1 'is neither a PNG nor a JPEG file' "${see[@]}" --inputs damaged --image-input x

expect 2 'mean goes with --image-input' "${see[@]}" --inputs pictures --mean 1
expect 2 'image-input goes with --inputs' "${see[@]}" --random 1 --image-input x
expect 2 'crop-ratio must be' "${see[@]}" --inputs pictures --image-input x --crop-ratio 2
expect 2 "scale" "${see[@]}" --inputs pictures --image-input x --scale 1/0

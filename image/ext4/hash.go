package ext4

import "math/bits"

// hashSeed is s_hash_seed.
type hashSeed [4]uint32

// nameHash gives the hash and the minor hash by which the index of a directory
// sorts a name: half_md4 (three rounds of MD4, RFC 1320, with eight steps each)
// over bytes taken as unsigned. The lowest bit of the hash is always clear: in
// an index it marks that a block goes on with the hash of the block before.
func nameHash(seed hashSeed, name string) (hash, minor uint32) {
	state := seed
	for {
		in := hashInput(name)
		halfMD4(&state, &in)
		if len(name) <= 32 {
			break
		}
		name = name[32:]
	}
	hash = state[1] &^ 1
	if hash == 0xfffffffe { // reserved as the end of a directory
		hash = 0xfffffffc
	}
	return hash, state[2]
}

// hashInput packs the first 32 bytes of a name into eight words, big-endian
// except that a short last word is filled from the left with the padding, which
// repeats the length of the (whole remaining) name.
func hashInput(name string) (in [8]uint32) {
	pad := uint32(len(name))
	pad |= pad << 8
	pad |= pad << 16
	name = name[:min(len(name), 32)]
	for i := range in {
		word := pad
		for j := 4 * i; j < min(4*i+4, len(name)); j++ {
			word = word<<8 + uint32(name[j])
		}
		in[i] = word
	}
	return in
}

// halfMD4Rounds are the orders of input words and the shifts of the rounds.
var halfMD4Rounds = [3]struct {
	order [8]int
	shift [4]int
	add   uint32
}{
	{[8]int{0, 1, 2, 3, 4, 5, 6, 7}, [4]int{3, 7, 11, 19}, 0},
	{[8]int{1, 3, 5, 7, 0, 2, 4, 6}, [4]int{3, 5, 9, 13}, 0x5a827999},
	{[8]int{3, 7, 2, 6, 1, 5, 0, 4}, [4]int{3, 9, 11, 15}, 0x6ed9eba1},
}

func halfMD4(state *hashSeed, in *[8]uint32) {
	a, b, c, d := state[0], state[1], state[2], state[3]
	for r := range halfMD4Rounds {
		round := &halfMD4Rounds[r]
		for i, word := range round.order {
			var f uint32
			switch r {
			case 0: // choose
				f = d ^ b&(c^d)
			case 1: // majority
				f = b&c + (b^c)&d
			case 2: // parity
				f = b ^ c ^ d
			}
			next := bits.RotateLeft32(a+f+in[word]+round.add, round.shift[i%4])
			a, b, c, d = d, next, b, c
		}
	}
	state[0] += a
	state[1] += b
	state[2] += c
	state[3] += d
}

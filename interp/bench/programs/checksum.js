var table = new Array(256);
function fillTable() {
  for (var i = 0; i < 256; i++) {
    var c = i;
    for (var k = 0; k < 8; k++) c = c & 1 ? 0xEDB88320 ^ (c >>> 1) : c >>> 1;
    table[i] = c >>> 0;
  }
}
function crc32(bytes) {
  var c = 0xFFFFFFFF;
  for (var i = 0; i < bytes.length; i++) c = table[0xFF & (c ^ bytes[i])] ^ (c >>> 8);
  return (c ^ 0xFFFFFFFF) >>> 0;
}
function main() {
  var bytes = new Uint8Array(10000);
  fillTable();
  for (var i = 0; i < 10000; i++) bytes[i] = i * 31 & 255;
  return crc32(bytes);
}

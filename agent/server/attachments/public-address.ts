import ipaddr from "ipaddr.js";

/** All global unicast addresses that were ever given out lie in here; what is outside has a special meaning. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR("2000::/3");
/** Where networks without IPv4 reach it (RFC 6052): the last four bytes are the address that is meant. */
const NAT64 = ipaddr.IPv6.parseCIDR("64:ff9b::/96");

/** True for an address on the public internet. An IPv6 address that stands for an IPv4 one is judged as that. */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv4) return address.range() === "unicast";
  if (!(address instanceof ipaddr.IPv6)) return false;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address().range() === "unicast";
  if (address.match(NAT64)) return new ipaddr.IPv4(address.toByteArray().slice(-4)).range() === "unicast";
  return address.range() === "unicast" && address.match(GLOBAL_IPV6);
}

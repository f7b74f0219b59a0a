/** To the gateway: let so much virtual time pass. */
export interface Advance {
  advanceMs: number;
}

/** From the gateway, once it has. */
export interface Advanced {
  virtualMs: number;
  /** Timers that fired. */
  fired: number;
  /** Hosts and addresses it has opened connections to, or tried to, since its start. */
  contacted: readonly string[];
}

/** For each state, the states that may follow it. A state with no successor is final. */
export type TransitionTable<State extends string> = Readonly<Record<State, readonly State[]>>;

export function canMove<State extends string>(
  table: TransitionTable<State>,
  from: State,
  to: State,
): boolean {
  return table[from].includes(to);
}

/** The states from which `to` may be entered: the guard of the `UPDATE` that enters it. */
export function predecessors<State extends string>(
  table: TransitionTable<State>,
  to: State,
): readonly State[] {
  return statesOf(table).filter((from) => canMove(table, from, to));
}

export const statesOf = <State extends string>(table: TransitionTable<State>): readonly State[] =>
  Object.keys(table) as State[];

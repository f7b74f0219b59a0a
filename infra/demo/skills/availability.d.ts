/** The booking form's own script for browsers, which has no types. */
declare module "*/form/availability.js" {
  export function availability(date: string): { time: string; seats: number }[];
}

/** Every target, in the order in which the Python side has them (`tests/fuzz/readers.py`). */
import { fieldTargets } from "./fields";
import type { Target } from "./mutate";
import { pictureTargets } from "./pictures";
import { sealedTargets } from "./sealed";
import { wireTargets } from "./wire";

/** Every target by its name. */
export async function targets(): Promise<ReadonlyMap<string, Target>> {
  const all = [...wireTargets(), ...fieldTargets(), ...(await sealedTargets()), ...(await pictureTargets())];
  return new Map(all.map((one) => [one.name, one]));
}

import * as I from '../../store/item.ts';
import * as S from '../../commands/store-item.ts';
import { ANSWER_BYTES } from '../reply.ts';
import { CLASS_MASK } from '../../store/lru.ts';
import { putError, putSuccess, type BinaryRequest } from './packet.ts';
import { refuseStore } from '../../commands/refuse-store.ts';
import { STATUS } from './codes.ts';
import type { Session } from '../session.ts';

const NO_MEMORY_TEXT = 'Out of memory allocating item';

/** The value of a storage command is in place: stores and answers. */
export function finishUpdate(session: Session): void {
  const { cache, item } = session;
  const { store, reply } = cache;
  const { bytes, words } = store.arena;
  const request = session.request as BinaryRequest;
  const mode = session.mode as S.StoreMode;
  session.item = 0;
  const end = store.memory.valueAt(item) + words[item * 2 + I.LENGTH]!;
  bytes[end] = 0x0d; // on the wire there is no line end, in an item there is
  bytes[end + 1] = 0x0a;
  store.counters.setsOf[store.list(item) & CLASS_MASK]!++;
  if (!reply.fits(ANSWER_BYTES)) reply.flush();
  const outcome = S.storeItem(cache, mode, item);
  if (outcome === S.STORED) putSuccess(cache, request, store.stored);
  else if (outcome === S.NO_MEMORY) putError(cache, request, STATUS.noMemory, NO_MEMORY_TEXT);
  else putError(cache, request, statusOf(outcome, mode));
}

function statusOf(outcome: S.StoreOutcome, mode: S.StoreMode): number {
  if (outcome === S.EXISTS) return STATUS.exists;
  if (outcome === S.NOT_FOUND) return STATUS.notFound;
  if (mode === S.ADD) return STATUS.exists;
  return mode === S.REPLACE ? STATUS.notFound : STATUS.notStored;
}

/** There is no item for the value: says so and ignores it. */
export function refuse(session: Session, request: BinaryRequest): number {
  const { cache } = session;
  const mode = session.mode as S.StoreMode;
  const tooLarge = refuseStore(cache, mode, request.keyAt, request.keyLength, mode === S.SET);
  if (tooLarge) putError(cache, request, STATUS.tooLarge);
  else putError(cache, request, STATUS.noMemory, NO_MEMORY_TEXT);
  session.swallow = request.valueLength;
  return request.valueAt;
}

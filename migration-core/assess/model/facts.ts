/** Everything known of one server when it is assessed. */
import type { ServerId } from '../../store/engagement.ts';
import type { ServerAnnotations } from '../../store/model/annotations.ts';
import type { ServerIdentity } from '../../store/model/identity.ts';
import type { ServerInventory } from '../../store/model/inventory.ts';
import type { DemandProfile } from './demand.ts';

export interface ServerFacts {
  id: ServerId;
  name: string;
  identity: ServerIdentity;
  inventory: ServerInventory | null;
  profile: DemandProfile | null;
  annotations: ServerAnnotations;
}

import type { Handlers } from '../../contract/dispatch.ts';
import type { Desks } from '../create-session.ts';

type JobMethods =
  'jobs.list' | 'jobs.get' | 'jobs.cancel' | 'jobs.pause' | 'jobs.resume' | 'jobs.retry' | 'jobs.dismiss';

export function jobHandlers({ jobs }: Desks): Pick<Handlers, JobMethods> {
  const none = (work: (id: string) => void) => (input: { job: string }) => {
    work(input.job);
    return {};
  };
  return {
    'jobs.list': () => ({ jobs: jobs.list() }),
    'jobs.get': ({ job }) => jobs.get(job),
    'jobs.cancel': none((id) => jobs.cancel(id)),
    'jobs.pause': none((id) => jobs.pause(id)),
    'jobs.resume': none((id) => jobs.resume(id)),
    'jobs.retry': ({ job }) => ({ job: jobs.retry(job).id }),
    'jobs.dismiss': none((id) => jobs.dismiss(id)),
  };
}

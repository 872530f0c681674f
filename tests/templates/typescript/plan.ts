/** What the failing server does next, and what it saw: see ../fault_server.py. */
export interface Seen {
  method: string;
  target: string;
  headers: Record<string, string>;
  body: string;
  at: number;
}

export class Plan {
  private constructor(readonly url: string, private readonly state: string) {}

  static async of(...steps: string[]): Promise<Plan> {
    const server = process.env.FAULTS_URL;
    const answer = await fetch(`${server}/_plans`, { method: "POST", body: JSON.stringify({ steps }) });
    const { id } = (await answer.json()) as { id: string };
    return new Plan(`${server}/${id}`, `${server}/_plans/${id}`);
  }

  async requests(): Promise<Seen[]> {
    const answer = await fetch(this.state);
    return ((await answer.json()) as { requests: Seen[] }).requests;
  }
}

/**
 * What survives a reload: which payment was under way for an order.
 *
 * A browser may forbid a framed page to store anything, so the merchant's page
 * remembers it too. Where neither can, a reload starts over, and the gateway still
 * lets no order be paid twice.
 */

const keyOf = (orderId: string): string => `paygate:payment:${orderId}`;

export function remember(orderId: string, paymentId: string): void {
  quietly(() => sessionStorage.setItem(keyOf(orderId), paymentId));
}

export function recall(orderId: string): string | null {
  return quietly(() => sessionStorage.getItem(keyOf(orderId))) ?? null;
}

export function forget(orderId: string): void {
  quietly(() => sessionStorage.removeItem(keyOf(orderId)));
}

/** Before the shopper leaves for their bank: what this address's fragment says. */
export function rememberFragment(address: string, fragment: string): void {
  quietly(() => sessionStorage.setItem(`paygate:fragment:${address}`, fragment));
}

/** What it said, for whoever comes back: a bank is told the address without its fragment. */
export function recallFragment(address: string): string | null {
  return quietly(() => sessionStorage.getItem(`paygate:fragment:${address}`)) ?? null;
}

function quietly<Result>(use: () => Result): Result | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}

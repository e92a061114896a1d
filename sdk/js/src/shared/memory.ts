/**
 * Data that survives a reload: the pending payment of an order.
 *
 * A browser may forbid an embedded page to store data, so the merchant's page
 * stores it too. If neither can, a reload starts again, and the gateway still
 * prevents a second payment.
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

/** Store the fragment of this URL before the shopper goes to the bank. */
export function rememberFragment(address: string, fragment: string): void {
  quietly(() => sessionStorage.setItem(`paygate:fragment:${address}`, fragment));
}

/** Return the stored fragment after the bank, which gets the URL without it. */
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

// Package emulation is the kit with which emulators of payment providers are written.
//
// An emulator is a faithful local imitation of one provider's HTTP API: a test bed for the project
// and a sandbox for developers whose provider has none. It knows the provider's wire; this package
// knows everything that is the same for all of them:
//
//   - a [Till] takes requests for money, keeps them in its [Books], settles them when their number
//     says so and announces the result by webhook: every emulator embeds one;
//   - an [Ending], the last three digits of a phone number, chooses what happens to a request, and
//     means the same for every provider (see [Numbers]);
//   - [Pages] are what customers see of a provider that has pages of its own;
//   - [Cut] and [Truncate] spoil answers the way networks do;
//   - a [Clock] moves all of it: the real one, or a [ManualClock] that makes tests fast and exact;
//   - [Start] serves an emulator on this machine, and on this machine only.
//
// An emulator must share no code with the client of its provider, or both could be wrong together.
// Money is kept as the decimal strings that requests carry.
//
// Every emulator also answers GET /_emulator/transactions, what its books hold, and
// GET /_emulator/webhooks, the deliveries that it tried: see [Till].
package emulation

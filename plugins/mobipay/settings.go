package mobipay

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// providerIDsSetting says which provider id an account has for a network.
const providerIDsSetting = "MOBIPAY_PROVIDER_IDS"

// check reports what is wrong with the settings as such. What holds secrets is
// not repeated.
func (c Config) check(target capabilities.Target) error {
	if strings.Trim(c.PublicID, "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz") != "" || strings.Trim(c.PublicID, ".") == "" {
		return capabilities.Misconfiguration("mobipay: MOBIPAY_PUBLIC_ID is not the id alone",
			"set it to the letters and digits that came with the credentials, without an address")
	}
	if c.CallbackURL != "" && !safeLink(c.CallbackURL, target) {
		return capabilities.Misconfiguration("mobipay: MOBIPAY_CALLBACK_URL is not an https address that MobiPay can reach; this machine is for the emulator only",
			"set it to where your server takes MobiPay's callbacks, such as https://shop.example/mobipay, or remove it")
	}
	return nil
}

// parseProviderIDs reads "mtn_ci=2303,orange_ci=2304". An id that the table of
// networks does not have is taken: the manager's word is newer. One that it
// gives to another network is not: the money would go there.
func parseProviderIDs(setting string) (map[string]int, error) {
	ids := map[string]int{}
	if strings.TrimSpace(setting) == "" {
		return ids, nil
	}
	for entry := range strings.SplitSeq(setting, ",") {
		name, id, _ := strings.Cut(strings.TrimSpace(entry), "=")
		name = strings.TrimSpace(name)
		number, err := strconv.Atoi(strings.TrimSpace(id))
		_, known := named(name)
		_, twice := ids[name]
		owner, owned := ownerOf(number)
		switch {
		case err != nil || number <= 0:
			return nil, wrongEntry(entry, "is no network with a number")
		case !known:
			return nil, wrongEntry(entry, "names no network that there is")
		case twice:
			return nil, wrongEntry(entry, "names a network for the second time")
		case owned && owner != name:
			return nil, wrongEntry(entry, fmt.Sprintf("gives %s the provider id of %s", name, owner))
		}
		ids[name] = number
	}
	return ids, nil
}

func wrongEntry(entry, why string) error {
	return capabilities.Misconfiguration(fmt.Sprintf("mobipay: in %s, %q %s", providerIDsSetting, strings.TrimSpace(entry), why),
		fmt.Sprintf("write network=number, with commas between: %s=mtn_ci=2303,orange_ci=2304; mobipay_list_networks lists the networks", providerIDsSetting))
}

// providerID is the one in force for a network: the account's, or else the
// only one that MobiPay has given to it. Among several none is guessed, for the
// others belong to other accounts.
func (c *client) providerID(n network) (int, error) {
	if id, set := c.providerIDs[n.ID]; set {
		return id, nil
	}
	if len(n.ProviderIDs) == 1 {
		return n.ProviderIDs[0], nil
	}
	known := "its documents give none"
	if len(n.ProviderIDs) > 0 {
		known = "its documents give " + numbers(n.ProviderIDs)
	}
	return 0, capabilities.Misconfiguration(
		fmt.Sprintf("mobipay: which provider id this account has for %s is not set; %s", n.Name, known),
		fmt.Sprintf("ask your manager at MobiPay, and set %s, such as %s=%s=1234", providerIDsSetting, providerIDsSetting, n.ID))
}

func numbers(ids []int) string {
	var s []string
	for _, id := range ids {
		s = append(s, strconv.Itoa(id))
	}
	return strings.Join(s, ", ")
}

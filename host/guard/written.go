package guard

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// unclear refuses what decoding a policy would pass over: a second document,
// and keys without a value. A limit or a list of payees that is left out means
// none, so one that is left empty could be taken for the opposite of what the
// operator meant.
func unclear(policy []byte) error {
	var document yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(policy))
	if err := d.Decode(&document); err != nil {
		return unless(err, io.EOF)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("the file holds one policy, and nothing after it")
	}
	return errors.Join(saysNothing(&document, "", "")...)
}

func unless(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// saysNothing lists what is unclear in a value, which stands under a key and is
// called name. It repeats no value: one may be somebody's number.
func saysNothing(n *yaml.Node, name, key string) []error {
	number := n.ShortTag() == "!!int" || n.ShortTag() == "!!float"
	switch {
	case n.Kind == yaml.ScalarNode && (n.Value == "" || n.ShortTag() == "!!null"), n.Kind == yaml.SequenceNode && len(n.Content) == 0:
		return []error{fmt.Errorf("%s is empty: leave it out, or say what is meant", cmp.Or(name, "the file"))}
	case n.Kind == yaml.ScalarNode && slices.Contains([]string{"rules", "providers", "allowed_payees"}, key):
		return []error{fmt.Errorf("%s has to be a list, such as [one, another]", name)}
	case n.Kind == yaml.ScalarNode && number && key == "repeat_window":
		return []error{fmt.Errorf("%s needs a unit, such as 15m", name)}
	}
	var errs []error
	for i, part := range n.Content {
		switch {
		case n.Kind == yaml.MappingNode && i%2 == 0: // a key
		case n.Kind == yaml.MappingNode:
			of := n.Content[i-1].Value
			errs = append(errs, saysNothing(part, strings.TrimPrefix(name+": "+of, ": "), of)...)
		case key == "rules":
			errs = append(errs, saysNothing(part, fmt.Sprintf("rule %d", i+1), "")...)
		default:
			errs = append(errs, saysNothing(part, name, "")...)
		}
	}
	return errs
}

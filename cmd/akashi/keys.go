package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"

	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/filekey"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/plain"
)

// shortest is the least length of a passphrase, in bytes. Whoever has the file may guess for as long as he likes.
const shortest = 16

// runKeysSeal puts a key of an organisation into an encrypted file.
func runKeysSeal(_ context.Context, io streams, args []string) error {
	var dir, to, passphraseFile string
	rest, err := parse(io, "keys seal", args, func(fs *flag.FlagSet) {
		fs.StringVar(&dir, "keys", "", "団体の keys ディレクトリ / the organisation's directory of keys")
		fs.StringVar(&to, "to", "", "暗号化した鍵を置くディレクトリ / where the encrypted key is put")
		fs.StringVar(&passphraseFile, "passphrase-file", "", "合言葉を書いたファイル（0600） / the file that holds the passphrase, mode 0600")
	}, 1)
	if err != nil {
		return err
	}
	if dir == "" || to == "" || passphraseFile == "" {
		return usage{plain.Bad("keys seal", "--keys、--to、--passphrase-file を指定してください。", "give --keys, --to and --passphrase-file")}
	}
	passphrase, err := nation.ReadPIN(passphraseFile)
	if err != nil {
		return err
	}
	if len(passphrase) < shortest {
		return plain.Bad("passphrase-file", fmt.Sprintf("合言葉が短すぎます。%d文字以上にしてください。", shortest), fmt.Sprintf("the passphrase is too short: write at least %d characters", shortest))
	}
	key, err := keys.Dir(filepath.Clean(dir)).Signer(rest[0])
	if err != nil {
		return err
	}
	if err := filekey.Put(to, rest[0], key, passphrase, 0); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "鍵「%s」を %s に暗号化して置きました。もとの鍵は %s に残っています。設定を変えて動くことを確かめてから、消してください。\n", rest[0], to, dir)
	fmt.Fprintf(io.out, "The key %s lies encrypted in %s. The one that it was made of is still in %s: remove it when the new configuration was seen to work.\n", rest[0], to, dir)
	return nil
}

// runKeysServe is the process of a token whose keys are files. It is started by akashi up and akashi serve.
func runKeysServe(ctx context.Context, io streams, args []string) error {
	var dir string
	if _, err := parse(io, "keys serve", args, func(fs *flag.FlagSet) {
		fs.StringVar(&dir, "dir", "", "暗号化した鍵のディレクトリ / the directory of encrypted keys")
	}, 0); err != nil {
		return err
	}
	return hsm.Child(context.WithoutCancel(ctx), &filekey.Device{Dir: dir}, 4, nil)
}

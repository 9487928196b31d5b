package mjproxy_test

import (
	"context"
	"fmt"
	"log"

	mjproxy "github.com/mjproxy/mjproxy/clients/go"
)

func Example() {
	client, err := mjproxy.New("127.0.0.1:50051")
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	task, err := client.SubmitAndWait(context.Background(), mjproxy.Imagine("a lighthouse in fog"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(task.GetImageUrl())
}
